import CVenturi

/// Times the operators that a context performs, eager and replayed ones alike.
///
/// ```swift
/// let recorder = OperatorRecorder()
/// context.recording(into: recorder) { _ = try model.evaluate(batch, isCancelled: { false }) }
/// for record in recorder.records { print(record.operator.kind, record.seconds, record.cost?.total.flops ?? 0) }
/// ```
/// Memory is taken ahead. A recorder of times reads the processor's counter twice for each operator; what an operator costs
/// is reckoned after the second, and takes several times as long.
public final class OperatorRecorder {
  /// The counter before an operator and after it.
  private typealias Ticks = (start: UInt64, end: UInt64)
  private var ticks: UnsafeMutablePointer<Ticks>
  private var capacity: Int
  private var operators: [Operator] = []
  private var costs: [OperatorCost] = []
  private let takesCosts: Bool
  // A moment on both the clock and the counter, from which the counter's rate is known later.
  private let origin: (seconds: Double, ticks: UInt64)
  private var began: UInt64

  /// A recorder with room for `capacity` records before it has to grow; `costs`: whether it asks operators for their costs.
  public init(costs: Bool = true, capacity: Int = 8192) {
    takesCosts = costs
    self.capacity = max(1, capacity)
    ticks = .allocate(capacity: self.capacity)
    // Written once, so that no page is new when it is timed.
    ticks.initialize(repeating: (0, 0), count: self.capacity)
    operators.reserveCapacity(self.capacity)
    if costs { self.costs.reserveCapacity(self.capacity) }
    origin = (vt_monotonic_seconds(), vt_ticks())
    began = origin.ticks
  }

  deinit { ticks.deallocate() }

  /// Forgets all records and keeps their memory.
  public func clear() {
    operators.removeAll(keepingCapacity: true)
    costs.removeAll(keepingCapacity: true)
  }

  /// What was recorded, in the order of the runs.
  public var records: [OperatorRecord] {
    let rate = secondsPerTick
    return operators.indices.map { index in
      let (start, end) = ticks[index]
      return OperatorRecord(
        operator: operators[index], start: seconds(at: start, rate),
        seconds: end > start ? Double(end - start) * rate : 0, cost: takesCosts ? costs[index] : nil)
    }
  }

  /// When the last recording began, in seconds of the monotonic clock.
  public var start: Double { seconds(at: began, secondsPerTick) }

  /// The counter's rate since this recorder was made, over a time that makes a look at the clock negligible.
  private var secondsPerTick: Double {
    var now = (seconds: vt_monotonic_seconds(), ticks: vt_ticks())
    while now.seconds - origin.seconds < 5e-3 { now = (vt_monotonic_seconds(), vt_ticks()) }
    return (now.seconds - origin.seconds) / Double(max(1, now.ticks &- origin.ticks))
  }

  private func seconds(at ticks: UInt64, _ rate: Double) -> Double {
    origin.seconds + Double(Int64(bitPattern: ticks &- origin.ticks)) * rate
  }

  func begin() { began = vt_ticks() }

  @inline(__always)
  func time(_ label: Operator, _ operation: () -> Void) {
    let index = operators.count
    if index == capacity { grow() }
    let start = vt_ticks()
    operation()
    ticks[index] = (start, vt_ticks())
    operators.append(label)
    if takesCosts { costs.append(label.cost()) }
  }

  private func grow() {
    let larger = UnsafeMutablePointer<Ticks>.allocate(capacity: 2 * capacity)
    larger.initialize(repeating: (0, 0), count: 2 * capacity)
    larger.update(from: ticks, count: capacity)
    ticks.deallocate()
    ticks = larger
    capacity *= 2
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
    recorder.begin()
    return try body()
  }
}
