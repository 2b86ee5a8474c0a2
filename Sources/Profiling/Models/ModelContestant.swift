import Layers
import Models

/// Our own side of a model benchmark: the same work as the peers', on the same tokens.
public final class ModelContestant {
  /// The tokens of a prompt that are evaluated at once, as llama-bench has it.
  public static let chunk = 512
  private let model: any LanguageModel
  private let capacity: Int
  private let chunk: Int
  private var state: any MixerState

  /// A contestant whose sequences have at most `capacity` tokens, and whose prompts are evaluated `chunk` tokens at a time.
  ///
  /// - Throws: what the model throws.
  public init(model: any LanguageModel, capacity: Int, chunk: Int = ModelContestant.chunk) throws {
    self.model = model
    self.capacity = capacity
    self.chunk = max(1, chunk)
    state = try model.makeState(capacity: capacity)
  }

  /// The number of token ids.
  var vocabularySize: Int { model.description.vocabularySize }

  /// Token `index` of the fixed sequence that every engine is given.
  static func token(_ index: Int, vocabulary: Int) -> Int32 {
    var x = UInt64(truncatingIfNeeded: index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    x ^= x >> 31
    x = x &* 0xBF58_476D_1CE4_E5B9
    x ^= x >> 29
    return Int32(truncatingIfNeeded: x % UInt64(max(1, vocabulary)))
  }

  /// Does the test once; the seconds that count.
  ///
  /// - Throws: what the model throws.
  public func turn(_ test: ModelTest) throws -> Double {
    try prepare(test)
    return try run(test)
  }

  /// Brings the sequence to the test's depth.
  ///
  /// - Throws: what the model throws.
  func prepare(_ test: ModelTest) throws { try goTo(depth: test.depth) }

  /// Does the test once, from where ``prepare(_:)`` left the sequence; the seconds that it takes.
  ///
  /// - Throws: what the model throws.
  func run(_ test: ModelTest) throws -> Double {
    let vocabulary = model.description.vocabularySize
    switch test.kind {
    case .prefill: return try TimingProtocol.time { try append(test.depth..<(test.depth + test.tokens)) }
    case .decode:
      return try TimingProtocol.time {
        for index in 0..<test.tokens {
          try evaluate([Self.token(test.depth + index, vocabulary: vocabulary)], answer: 1)
        }
      }
    }
  }

  private func goTo(depth: Int) throws {
    if state.tokens >= depth, depth > 0, state.rewind(to: depth) { return }
    if state.tokens != 0, !state.rewind(to: 0) { state = try model.makeState(capacity: capacity) }
    if depth > 0 { try append(0..<depth) }
  }

  private func append(_ range: Range<Int>) throws {
    let vocabulary = model.description.vocabularySize
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + chunk, range.upperBound)
      try evaluate((start..<end).map { Self.token($0, vocabulary: vocabulary) })
      start = end
    }
  }

  private func evaluate(_ tokens: [Int32], answer: Int = 0) throws {
    let run = TokenBatch.Run(state: state, tokens: tokens, logits: .last, answerTokens: answer)
    _ = try model.evaluate(TokenBatch([run]), isCancelled: { false })
  }
}
