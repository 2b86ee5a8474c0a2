import Costs

/// Every operator takes as long as the slower of its arithmetic and its traffic, at a fraction of the device's limits
/// that its kind reaches; operators run one after the other.
public struct RooflineCostModel: CostModel, Hashable {
  /// The fractions of kinds that have their own.
  public var efficiencies: [OperatorKind: Efficiency]
  /// The fractions of all other kinds.
  public var fallback: Efficiency

  /// A model with these fractions.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a fraction that is none.
  public init(_ efficiencies: [OperatorKind: Efficiency] = [:], fallback: Efficiency = Efficiency())
    throws(PlannerError)
  {
    for (name, efficiency) in efficiencies.map({ ($0.key.rawValue, $0.value) }) + [("fallback", fallback)]
    where !efficiency.isValid {
      throw .invalid(
        field: "efficiency of \(name)",
        problem: "\(efficiency.compute) of compute and \(efficiency.memory) of memory must lie above 0 and at most at 1"
      )
    }
    self.init(checked: efficiencies, fallback: fallback)
  }

  private init(checked: [OperatorKind: Efficiency], fallback: Efficiency) {
    efficiencies = checked
    self.fallback = fallback
  }

  /// The device at its limits: what no operator can beat.
  public static let plain = RooflineCostModel(checked: [:], fallback: Efficiency())

  /// The roofline under which an operator runs; `nil` where the device does not compute in its format.
  ///
  /// An operator that computes nothing needs no format.
  func roofline(_ op: PlannedOperator, on device: Device) -> Roofline? {
    let efficiency = efficiencies[op.kind] ?? fallback
    guard var roofline = Roofline(device, op.precision) else {
      guard op.cost.flops == 0 else { return nil }
      return Roofline(operationsPerSecond: .infinity, bytesPerSecond: device.bandwidth.value * efficiency.memory)
    }
    roofline.operationsPerSecond *= efficiency.compute
    roofline.bytesPerSecond *= efficiency.memory
    return roofline
  }

  /// Time, bytes, operations, energy and price of `step` on `device`.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  public func estimate(_ step: PlannedStep, on device: Device) throws(PlannerError) -> StepEstimate {
    var estimates: [StepEstimate.Operator] = []
    estimates.reserveCapacity(step.operators.count)
    for op in step.operators {
      guard let roofline = roofline(op, on: device) else {
        throw .unsupportedPrecision(op.precision, device: device.name)
      }
      estimates.append(
        StepEstimate.Operator(
          name: op.name, seconds: roofline.seconds(op.cost) * Double(op.count), cost: op.total,
          bound: roofline.bound(op.cost)))
    }
    return StepEstimate(estimates, on: device)
  }
}
