import Inference

/// Another number of prompt tokens to a step: larger steps read the weights less often, smaller ones keep less in memory.
public struct ChunkSize: Technique {
  /// `chunk`.
  public let name = "chunk"
  /// All of a prompt but its arithmetic.
  public let addresses = [
    Bottleneck(.prefill, .memory), Bottleneck(.prefill, .overhead), Bottleneck(.prefill, .capacity),
  ]
  private static let sizes = [32, 64, 128, 256, 512, 1024, 2048]

  /// The technique.
  public init() {}

  /// The sizes that cut the goal's prompt in another way.
  public func advice(for subject: Subject) -> [Advice] {
    let prompt: Int
    switch subject.goal {
    case .decode: return []
    case .prefill(let tokens): prompt = tokens
    case .latency: prompt = subject.samples.map(\.prompt.count).max() ?? 0
    case .memory: prompt = Goal.defaultPrefill
    }
    // All sizes from the prompt's on are the same.
    let now = min(subject.settings.stepTokens ?? EngineOptions.defaultStepTokens, prompt)
    var seen: Set = [now]
    return Self.sizes.compactMap { size in
      guard seen.insert(min(size, prompt)).inserted,
        let gain = subject.predictedGain(EngineSettings(stepTokens: size))
      else { return nil }
      return Advice(
        technique: name, name: "chunk \(size)", addresses: addresses, isExact: true, predictedGain: gain
      ) { $0.stepTokens = size }
    }
  }
}
