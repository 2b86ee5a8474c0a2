/// What an engine does and has done, at one moment; taking it costs next to nothing and waits for no step.
public struct EngineStatistics: Sendable, Hashable, Codable {
  /// Generations that have a state and take part in steps, or stand back for want of memory.
  public var running = 0
  /// Generations that wait for a place.
  public var queued = 0
  /// The prompt tokens of those that wait.
  public var queuedTokens = 0
  /// The most generations that run at once.
  public var runningLimit = 0
  /// The most that wait.
  public var queueLimit = 0
  /// The most prompt tokens that wait.
  public var queuedTokenLimit = 0
  /// How long a generation would wait that came now, in seconds, by how fast others ended of late.
  public var waitSeconds = 0.0

  /// Bytes of the states of running generations, without what the store holds too.
  public var runningBytes = 0
  /// Bytes of the prefix store, tokens included.
  public var storeBytes = 0
  /// The most bytes of the prefix store.
  public var storeLimit = 0
  /// Snapshots in the prefix store.
  public var storeEntries = 0
  /// The most bytes of running generations and the store together.
  public var capacityBytes = 0
  /// Generations whose state had to go for want of memory and was computed again.
  public var preemptions = 0

  /// Generations that looked for a beginning of their prompt.
  public var prefixLookups = 0
  /// Those that found one.
  public var prefixHits = 0
  /// Prompt tokens of those that looked.
  public var prefixLookupTokens = 0
  /// Tokens that were found.
  public var prefixHitTokens = 0

  /// Adapters that are loaded.
  public var adapters = 0
  /// Their bytes.
  public var adapterBytes = 0
  /// The most of them.
  public var adapterLimit = 0
  /// How often an adapter was loaded.
  public var adapterLoads = 0
  /// How often one went because another needed its room, or because its file had changed.
  public var adapterEvictions = 0

  /// Evaluations of the model.
  public var steps = 0
  /// Rows of all of them: prompt tokens, single steps and guesses.
  public var rows = 0
  /// Prompt tokens computed.
  public var promptTokens = 0
  /// Tokens generated.
  public var generatedTokens = 0
  /// Generations that ended by themselves.
  public var completed = 0
  /// Generations that were cancelled.
  public var cancelled = 0
  /// Generations that ended with an error.
  public var failed = 0
  /// Generations that got no place.
  public var refused = 0

  /// Statistics of an engine that has done nothing.
  public init() {}

  /// Bytes of all states, each piece of memory counted once; those that idle sessions keep are their own.
  public var kvBytes: Int { runningBytes + storeBytes }
  /// The mean number of rows of a step.
  public var rowsPerStep: Double { steps > 0 ? Double(rows) / Double(steps) : 0 }
}

extension Engine {
  /// What the engine does and has done.
  public var statistics: EngineStatistics { scheduler.statistics }

  /// Empties the store of prompt beginnings, between two steps.
  ///
  /// - Throws: ``InferenceError/engineStopped``.
  public func clearPrefixStore() async throws(InferenceError) {
    let accepted = await withCheckedContinuation { continuation in
      if !scheduler.clearStore({ continuation.resume(returning: true) }) { continuation.resume(returning: false) }
    }
    if !accepted { throw .engineStopped }
  }
}
