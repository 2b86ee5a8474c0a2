import Costs

/// What one run of an operator computes and moves, and which of its bytes memory must supply.
public struct OperatorCost: Sendable, Hashable {
  /// Operations and bytes, by the closed form of the operator.
  public var total: OperationCost
  /// Bytes among them of weights and of a sequence's state: they were not made by the operators just before, so a cache
  /// holds them only if it holds all weights and states of the step.
  public var residentBytes: Double

  /// A cost from its parts.
  public init(_ total: OperationCost, residentBytes: Double = 0) {
    self.total = total
    self.residentBytes = residentBytes
  }

  /// A cost from operations and bytes.
  public init(flops: Double = 0, bytesRead: Double, bytesWritten: Double, residentBytes: Double = 0) {
    self.init(
      OperationCost(flops: flops, bytesRead: bytesRead, bytesWritten: bytesWritten), residentBytes: residentBytes)
  }

  /// The cost of both one after the other.
  public static func + (a: OperatorCost, b: OperatorCost) -> OperatorCost {
    OperatorCost(a.total + b.total, residentBytes: a.residentBytes + b.residentBytes)
  }
}
