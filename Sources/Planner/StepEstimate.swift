import Costs

/// What a cost model predicts of a step.
public struct StepEstimate: Sendable, Hashable {
  /// What it predicts of one operator.
  public struct Operator: Sendable, Hashable {
    /// The operator's name.
    public var name: String
    /// Seconds of all its runs.
    public var seconds: Double
    /// What all its runs move and compute.
    public var cost: OperationCost
    /// What holds it up.
    public var bound: Roofline.Bound

    /// An estimate from its parts.
    public init(name: String, seconds: Double, cost: OperationCost, bound: Roofline.Bound) {
      self.name = name
      self.seconds = seconds
      self.cost = cost
      self.bound = bound
    }
  }

  /// Its operators, in the order of the step.
  public var operators: [Operator]
  /// Joules, where the device's power is known: as if it drew all of it throughout.
  public var joules: Double?
  /// US dollars, where the device's price is known.
  public var dollars: Double?

  /// An estimate of the operators on a device.
  public init(_ operators: [Operator], on device: Device) {
    self.operators = operators
    let seconds = operators.reduce(0) { $0 + $1.seconds }
    joules = device.power.map { $0.value * seconds }
    dollars = device.price.map { $0.value / 3600 * seconds }
  }

  /// Seconds of the step.
  public var seconds: Double { operators.reduce(0) { $0 + $1.seconds } }

  /// What the step moves and computes.
  public var cost: OperationCost { operators.reduce(OperationCost()) { $0 + $1.cost } }

  /// Seconds that operators held up by `bound` take.
  public func seconds(boundBy bound: Roofline.Bound) -> Double {
    operators.reduce(0) { $0 + ($1.bound == bound ? $1.seconds : 0) }
  }

  /// What holds the step up for most of its time.
  public var bound: Roofline.Bound { seconds(boundBy: .compute) >= seconds / 2 ? .compute : .memory }
}
