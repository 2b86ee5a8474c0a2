/// How long a client waits, in seconds, and how much it takes.
public struct ClientLimits: Sendable, Equatable {
  /// Until a connection is there.
  public var connect = 10.0
  /// Between two pieces of an answer, and until the first.
  public var silence = 600.0
  /// For a whole answer; `nil` for as long as it takes.
  public var answer: Double?
  /// The most bytes of an answer, streamed or not.
  public var bytes = 64 << 20

  /// Limits with defaults.
  public init() {}
}
