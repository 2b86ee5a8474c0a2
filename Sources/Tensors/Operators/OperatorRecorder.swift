import CVenturi
import Costs

/// One timed run of an operator.
public struct OperatorRecord {
  /// The operator.
  public let `operator`: Operator
  /// When it began, in seconds of the monotonic clock.
  public let start: Double
  /// How long it took.
  public let seconds: Double
  /// What it cost with the batch that was in force.
  public let cost: OperatorCost
}

/// Times the operators that a context performs, eager and replayed ones alike.
///
/// ```swift
/// let recorder = OperatorRecorder()
/// context.recording(into: recorder) { _ = try model.evaluate(batch, isCancelled: { false }) }
/// for record in recorder.records { print(record.operator.kind, record.seconds, record.cost.total.flops) }
/// ```
/// Memory for records is taken ahead; an operator costs two looks at the clock and its own cost, which is reckoned after the
/// second.
public final class OperatorRecorder {
  /// What was recorded, in the order of the runs.
  public private(set) var records: [OperatorRecord] = []

  /// A recorder with room for `capacity` records before it has to grow.
  public init(capacity: Int = 8192) { records.reserveCapacity(capacity) }

  /// Forgets all records and keeps their memory.
  public func clear() { records.removeAll(keepingCapacity: true) }

  @inline(__always)
  func time(_ label: Operator, _ operation: () -> Void) {
    let start = vt_monotonic_seconds()
    operation()
    let end = vt_monotonic_seconds()
    records.append(OperatorRecord(operator: label, start: start, seconds: end - start, cost: label.cost()))
  }
}

extension Context {
  /// Runs `body` with its operators timed by `recorder`. Nobody else uses the context meanwhile.
  public func recording<Result, Failure: Error>(
    into recorder: OperatorRecorder, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = self.recorder
    self.recorder = recorder
    defer { self.recorder = outer }
    return try body()
  }
}
