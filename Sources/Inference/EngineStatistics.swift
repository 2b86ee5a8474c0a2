/// What an engine does, at one moment; taking it costs next to nothing and waits for no step.
public struct EngineStatistics: Sendable, Hashable, Codable {
  /// Generations that have a state and take part in steps.
  public var running = 0
  /// Generations that wait for a place.
  public var queued = 0
  /// How long a generation would wait that came now, in seconds, where that is known.
  public var waitSeconds = 0.0

  /// Bytes of the states of running generations.
  public var runningBytes = 0
  /// Bytes of the beginnings of prompts that generations share.
  public var storeBytes = 0

  /// Generations that looked for a beginning of their prompt.
  public var prefixLookups = 0
  /// Those that found one.
  public var prefixHits = 0
  /// Tokens that were found.
  public var prefixHitTokens = 0

  /// Statistics of an engine that does nothing.
  public init() {}

  /// Bytes of all states; those that idle sessions keep are their own.
  public var kvBytes: Int { runningBytes + storeBytes }
}

extension Engine {
  /// What the engine does.
  public var statistics: EngineStatistics { scheduler.statistics }
}
