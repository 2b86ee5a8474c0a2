/// When each task of a ``StreamSchedule`` ran.
public struct StreamTimeline: Sendable, Hashable {
  /// When tasks began, in seconds.
  public internal(set) var starts: [Double]
  /// When they ended.
  public internal(set) var ends: [Double]
  /// When the last ended.
  public internal(set) var seconds = 0.0
  /// Seconds in which something communicated.
  public private(set) var communicating = 0.0
  /// Those of them in which nothing computed.
  public private(set) var exposed = 0.0
  /// Seconds in which something computed.
  public private(set) var computing = 0.0

  init(count: Int) {
    starts = [Double](repeating: 0, count: count)
    ends = starts
  }

  mutating func pass(_ step: Double, computing isComputing: Bool, communicating isCommunicating: Bool) {
    if isComputing { computing += step }
    if isCommunicating { communicating += step }
    if isCommunicating, !isComputing { exposed += step }
  }

  /// The part of communication under which something computed; 1 where there is none.
  public var hidden: Double { communicating > 0 ? 1 - exposed / communicating : 1 }
}
