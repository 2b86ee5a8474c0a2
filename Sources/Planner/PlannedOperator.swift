import Costs

/// An operator of a step: what one run of it costs, and how many runs there are.
public struct PlannedOperator: Sendable, Hashable {
  /// Its place in the model, for example `layer.qkv` or `layer.qkv.backward`.
  public var name: String
  /// What it does.
  public var kind: OperatorKind
  /// The format in which it computes.
  public var precision: Precision
  /// What one run moves and computes.
  public var cost: OperationCost
  /// Runs in the step.
  public var count: Int

  /// An operator from its parts.
  public init(_ name: String, _ kind: OperatorKind, _ precision: Precision, _ cost: OperationCost, count: Int = 1) {
    self.name = name
    self.kind = kind
    self.precision = precision
    self.cost = cost
    self.count = count
  }

  /// What all runs together move and compute.
  public var total: OperationCost { cost.repeated(count) }
}

extension OperationCost {
  /// The cost of `count` runs one after the other.
  public func repeated(_ count: Int) -> OperationCost {
    OperationCost(
      flops: flops * Double(count), bytesRead: bytesRead * Double(count), bytesWritten: bytesWritten * Double(count))
  }
}
