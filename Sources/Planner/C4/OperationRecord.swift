/// When the ranks of a communicator entered and completed one of its operations.
///
/// Times are seconds of one clock: those of several nodes must be brought to it first, by offsets from messages' round trips.
public struct OperationRecord: Sendable, Hashable {
  /// The operation's number in its communicator.
  public var sequence: Int
  /// When each rank entered, [ranks]; nothing where it has not.
  public var entered: [Double?]
  /// When each rank completed, [ranks]; nothing where it has not.
  public var completed: [Double?]

  /// A record.
  public init(sequence: Int, entered: [Double?], completed: [Double?]) {
    self.sequence = sequence
    self.entered = entered
    self.completed = completed
  }

  /// How long each rank waited for the last to enter, [ranks]; nothing while one is missing.
  public var waiting: [Double]? {
    let times = entered.compactMap { $0 }
    guard times.count == entered.count, let last = times.max() else { return nil }
    return times.map { last - $0 }
  }

  func check(_ ranks: Int) throws(PlannerError) {
    for (field, times) in [("entered", entered), ("completed", completed)] {
      guard times.count == ranks else {
        throw .invalid(
          field: "operation \(sequence).\(field)", problem: "\(times.count) times are not those of \(ranks) ranks")
      }
      if let bad = times.compactMap({ $0 }).first(where: { !$0.isFinite }) {
        throw .invalid(field: "operation \(sequence).\(field)", problem: "\(bad) s is no time")
      }
    }
    for rank in 0..<ranks {
      guard let end = completed[rank] else { continue }
      guard let begin = entered[rank], begin <= end else {
        throw .invalid(
          field: "operation \(sequence).completed", problem: "rank \(rank) completed before it entered")
      }
    }
  }
}

/// When something was last transferred on a connection between two ranks.
public struct TransportRecord: Sendable, Hashable {
  /// The rank that sends.
  public var source: Int
  /// The rank that receives.
  public var destination: Int
  /// When its last message went, in seconds of the operations' clock.
  public var progressed: Double

  /// A record.
  public init(source: Int, destination: Int, progressed: Double) {
    self.source = source
    self.destination = destination
    self.progressed = progressed
  }
}
