import Models

/// Times queries of a model, one at a time: a prompt, and as many tokens after it as are asked for, whatever they are. An answer
/// that ended early would be a shorter query than its lengths say.
public struct QueryTimer {
  private let model: any LanguageModel
  private let tokens: [Int32]
  private let isCancelled: @Sendable () -> Bool

  /// A timer of prompts that begin as `tokens` do; by default tokens that stand for no text, as speed does not depend on them.
  ///
  /// - Parameters:
  ///   - model: the model; nobody else uses it meanwhile.
  ///   - longest: the tokens of the longest prompt.
  ///   - tokens: at least that many.
  ///   - isCancelled: asked between layers.
  public init(
    _ model: any LanguageModel, longest: Int, tokens: [Int32]? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.model = model
    let vocabulary = model.description.vocabularySize
    self.tokens = tokens ?? (0..<max(0, longest)).map { ModelContestant.token($0, vocabulary: vocabulary) }
    self.isCancelled = isCancelled
  }

  /// Seconds of a prompt with the first token after it, and of the tokens after that, all together. The likeliest token is found
  /// each time.
  ///
  /// - Parameters:
  ///   - prompt: tokens of the prompt, at least one.
  ///   - output: tokens of the answer; 1 ends with the first.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for lengths that there are no tokens for; what the model throws;
  ///   `CancellationError`.
  public func seconds(prompt: Int, output: Int) throws -> (first: Double, rest: Double) {
    guard 1...max(1, tokens.count) ~= prompt, !tokens.isEmpty else {
      throw ProfilingError.invalidSetting(field: "prompt", problem: "\(prompt) tokens of \(tokens.count)")
    }
    let state = try model.makeState(capacity: prompt + max(1, output))
    func step(_ tokens: [Int32]) throws -> Int32 {
      let logits = try model.evaluate(
        TokenBatch([.init(state: state, tokens: tokens, logits: .last)]), isCancelled: isCancelled)
      return Int32(logits.likeliest(0))
    }
    var next: Int32 = 0
    let first = try TimingProtocol.time { next = try step(Array(tokens.prefix(prompt))) }
    guard output > 1 else { return (first, 0) }
    let rest = try TimingProtocol.time { for _ in 1..<output { next = try step([next]) } }
    return (first, rest)
  }
}

extension Logits {
  /// The likeliest token of a row.
  package func likeliest(_ index: Int) -> Int {
    let row = row(index)
    var best = 0
    for place in row.indices where row[place] > row[best] { best = place }
    return best
  }
}
