import Layers
import Models

/// Guesses the next tokens by asking a smaller model.
///
/// Speculative decoding (Leviathan, Kalman, Matias, 2023, https://arxiv.org/abs/2211.17192), here with exact equality: the
/// draft draws with the same options, the same seed and so the same random number at every position as the target will,
/// which makes both draw the same token wherever their distributions are alike. What the target draws is what counts, so
/// the answer is the same, token for token, as without a draft.
final class DraftGuesser {
  private let model: any LanguageModel
  private let limit: Int
  private var sampler: Sampler
  private var state: (any MixerState)?
  /// The tokens that the state has seen.
  private var seen: [Int32] = []
  /// How many tokens to guess next.
  private var length: Int

  private static let chunk = 512
  /// A draft less sure than this of its likeliest token stops guessing: the target would most likely differ.
  private static let leastProbability = 0.4

  init(_ model: any LanguageModel, limit: Int, options: GenerationOptions, seed: UInt64) {
    self.model = model
    self.limit = limit
    length = min(limit, 4)
    sampler = Sampler(options, seed: seed)
  }

  /// What is likely to come after `tokens`, at most `limit` tokens; fewer where the draft's context ends.
  ///
  /// - Throws: the draft model's errors.
  func guess(after tokens: [Int32], limit: Int, _ scratch: SamplingScratch) throws -> [Int32] {
    let room = model.description.contextLength - tokens.count
    let count = min(limit, length, room)
    guard count > 0, let last = tokens.last, Int(last) < model.description.vocabularySize else { return [] }
    let state = try state(for: tokens)
    var history = tokens
    var guesses: [Int32] = []
    var pending = Array(tokens[state.tokens...])
    if pending.count > Self.chunk {
      // A long prompt is read over several steps: other sessions wait for this one's guesses.
      _ = try evaluate(Array(pending.prefix(Self.chunk)), state)
      return []
    }
    while guesses.count < count {
      let row = try evaluate(pending, state)
      let token = try sampler.draw(row, history: history, scratch)
      scratch.scan(row)
      // The likeliest token's probability is 1 / Σ exp(logit - largest).
      if scratch.mass(row) * Self.leastProbability > 1 { break }
      guesses.append(token)
      history.append(token)
      pending = [token]
    }
    return guesses
  }

  /// Adapts to how good the guesses are.
  func learn(guessed: Int, accepted: Int) {
    if accepted == guessed { length = min(length + 2, limit) } else { length = max(1, accepted + 1) }
  }

  /// The state, holding the longest beginning of `tokens` but not the last of them.
  private func state(for tokens: [Int32]) throws -> any MixerState {
    var shared = 0
    while shared < min(seen.count, tokens.count - 1), seen[shared] == tokens[shared] { shared += 1 }
    if let state, state.tokens == seen.count, state.rewind(to: shared) {
      seen.removeLast(seen.count - shared)
      return state
    }
    let fresh = try model.makeState(capacity: model.description.contextLength)
    state = fresh
    seen = []
    return fresh
  }

  /// The logits after `tokens`, which the state then has seen.
  private func evaluate(_ tokens: [Int32], _ state: any MixerState) throws -> UnsafeBufferPointer<Float> {
    for start in stride(from: 0, to: tokens.count, by: Self.chunk) {
      let part = Array(tokens[start..<min(start + Self.chunk, tokens.count)])
      let isLast = start + part.count == tokens.count
      let run = TokenBatch.Run(state: state, tokens: part, logits: isLast ? .last : .none)
      let logits = try model.evaluate(TokenBatch([run])) { false }
      seen += part
      if isLast { return logits.row(0) }
    }
    preconditionFailure("a draft evaluates at least one token")
  }
}
