/// What an operator or a step moves and computes.
public struct OperationCost: Sendable, Hashable {
  /// Floating-point (or integer multiply-accumulate, counted twice) operations.
  public var flops: Double
  /// Bytes that must be read from memory at least once.
  public var bytesRead: Double
  /// Bytes that must be written to memory at least once.
  public var bytesWritten: Double

  /// A cost from its parts.
  public init(flops: Double = 0, bytesRead: Double = 0, bytesWritten: Double = 0) {
    self.flops = flops
    self.bytesRead = bytesRead
    self.bytesWritten = bytesWritten
  }

  /// The bytes moved in both directions.
  public var bytes: Double { bytesRead + bytesWritten }

  /// The cost of both one after the other.
  public static func + (a: OperationCost, b: OperationCost) -> OperationCost {
    OperationCost(
      flops: a.flops + b.flops, bytesRead: a.bytesRead + b.bytesRead, bytesWritten: a.bytesWritten + b.bytesWritten)
  }
}
