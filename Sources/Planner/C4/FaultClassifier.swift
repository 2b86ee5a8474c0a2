// Boosting Large-scale Parallel Training Efficiency with C4: A Communication-Driven Approach, 2024,
// https://arxiv.org/abs/2406.04594: its diagnosis, as functions of what the ranks of one communicator recorded.

/// Tells a hanging, slow or late rank or link of a communicator from its ranks' records. All ranks must do the same work.
public struct FaultClassifier: Sendable, Hashable {
  /// Times the typical cell from which a cell of a delay matrix is slow.
  public var slowness = 2.0
  /// Seconds without progress from which ranks hang.
  public var hangSeconds = 30.0
  /// How many times the median absolute deviation a straggler's lag lies above the median.
  public var spread = 5.0
  /// The part of the last operations in which it must, at least.
  public var share = 0.5
  /// The last operations that count.
  public var window = 20
  /// The part of the time between two operations below which a lag is no fault.
  public var leastLag = 0.05

  /// The usual limits.
  public init() {}

  /// What is wrong, by the first of these that finds something: a hang in the latest operation, slow transfers, a straggler.
  ///
  /// - Parameters:
  ///   - operations: the communicator's operations, in any order.
  ///   - transport: its connections.
  ///   - delays: its transfers in the window, where they are known.
  ///   - now: the time of the records' clock, in seconds.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for records of different numbers of ranks, and times that are none.
  public func findings(
    _ operations: [OperationRecord], transport: [TransportRecord] = [], delays: DelayMatrix? = nil, now: Double
  ) throws(PlannerError) -> [FaultFinding] {
    if let latest = operations.max(by: { $0.sequence < $1.sequence }),
      let hang = try hang(in: latest, transport: transport, now: now)
    {
      return [hang]
    }
    if let delays {
      if let ranks = operations.first?.entered.count, ranks != delays.ranks {
        throw .invalid(field: "delays", problem: "a matrix of \(delays.ranks) ranks is not that of \(ranks)")
      }
      let slow = slow(in: delays)
      if !slow.isEmpty { return slow }
    }
    return try stragglers(in: operations)
  }

  /// The hang in an operation, if it is one by now.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public func hang(
    in operation: OperationRecord, transport: [TransportRecord] = [], now: Double
  ) throws(PlannerError) -> FaultFinding? {
    let ranks = operation.entered.count
    try operation.check(ranks)
    guard now.isFinite else { throw .invalid(field: "now", problem: "\(now) s is no time") }
    for record in transport {
      for (field, rank) in [("source", record.source), ("destination", record.destination)]
      where !(0..<ranks).contains(rank) {
        throw .invalid(field: "transport.\(field)", problem: "there is no rank \(rank) of \(ranks)")
      }
      guard record.progressed.isFinite else {
        throw .invalid(field: "transport.progressed", problem: "\(record.progressed) s is no time")
      }
    }
    let missing = operation.entered.indices.filter { operation.entered[$0] == nil }
    if !missing.isEmpty {
      // Those who wait are the victims; where nobody does, nothing has begun.
      guard let first = operation.entered.compactMap({ $0 }).min(), now - first > hangSeconds else { return nil }
      return FaultFinding(.nonCommunicationHang(ranks: missing), evidence: now - first)
    }
    let unfinished = operation.completed.indices.filter { operation.completed[$0] == nil }
    guard !unfinished.isEmpty, let last = operation.entered.compactMap({ $0 }).max() else { return nil }
    let silence = now - transport.reduce(last) { max($0, $1.progressed) }
    guard silence > hangSeconds else { return nil }
    // The ranks of the connections that stopped first among those that have not completed; without records all that have not.
    let involved = transport.filter { unfinished.contains($0.source) || unfinished.contains($0.destination) }
    let earliest = involved.map(\.progressed).min()
    let stopped = Set(involved.filter { $0.progressed == earliest }.flatMap { [$0.source, $0.destination] })
    return FaultFinding(
      .communicationHang(ranks: stopped.isEmpty ? unfinished : stopped.sorted()), evidence: silence)
  }
}
