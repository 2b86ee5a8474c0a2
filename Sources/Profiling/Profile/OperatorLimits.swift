/// The least seconds that an operator takes, by what it would wait for.
public struct OperatorLimits: Sendable, Equatable {
  /// Seconds of arithmetic at the measured rate of its precision.
  public var compute: Double
  /// Seconds of reading and writing at the measured rate of ``place``.
  public var traffic: Double
  /// Where the bytes that take longest come from: `memory`, `L3`, `L2`.
  public var place: String

  /// Limits from their parts.
  public init(compute: Double, traffic: Double, place: String) {
    self.compute = compute
    self.traffic = traffic
    self.place = place
  }

  /// The roofline: both overlap, so the longer one counts.
  public var seconds: Double { max(compute, traffic) }
}
