import CVenturi
import Layers
import Models

extension SchedulerLoop {
  /// What a step and all states may take.
  struct Limits {
    let stepTokens: Int
    let mixedPromptTokens: Int
    let stepSeconds: Double
    let running: Int
    /// The most bytes of all states; one of full length fits always.
    let capacity: Int
    let storeBytes: Int
    let canTruncate: Bool
    /// A state that stays empty, to tell what others will take.
    let empty: (any MixerState)?

    /// The limits of options in which every setting is decided.
    ///
    /// - Throws: ``InferenceError/invalidOption(field:value:problem:)`` when one sequence does not fit.
    init(_ options: EngineOptions, model: any LanguageModel, contextLength: Int) throws(InferenceError) {
      stepTokens = options.stepTokens ?? EngineOptions.defaultStepTokens
      mixedPromptTokens = options.mixedPromptTokens ?? EngineOptions.defaultMixedPromptTokens
      stepSeconds = options.stepSeconds
      running = options.maxRunning ?? EngineOptions.defaultMaxRunning
      // A model that makes no state says so to each generation.
      empty = try? model.makeState(capacity: contextLength)
      let whole = empty?.growth(contextLength) ?? 0
      if let given = options.stateMemoryLimit, given < whole {
        throw .invalidOption(
          field: "stateMemoryLimit", value: "\(given)",
          problem: "one sequence of \(contextLength) tokens takes \(whole) bytes")
      }
      let free =
        options.memoryLimit.map { max(0, $0 - model.description.weightBytes) } ?? Int(clamping: vt_available_memory())
      capacity = options.stateMemoryLimit ?? max(whole, free / 2)
      let abilities = empty?.capabilities ?? []
      canTruncate = abilities.contains(.truncate)
      switch options.prefixCache {
      case _ where !abilities.contains(.snapshot): storeBytes = 0
      case .off: storeBytes = 0
      case .automatic: storeBytes = min(capacity / 2, PrefixCache.automaticSequences * max(whole, 1 << 20))
      case .bytes(let bytes): storeBytes = min(bytes, capacity)
      }
    }
  }
}
