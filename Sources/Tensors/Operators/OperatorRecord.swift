/// One timed run of an operator.
public struct OperatorRecord {
  /// The operator.
  public let `operator`: Operator
  /// When it began, in seconds of the monotonic clock.
  public let start: Double
  /// How long it took.
  public let seconds: Double
  /// What it cost with the batch that was in force; `nil` where the recorder takes times only.
  public let cost: OperatorCost?
}
