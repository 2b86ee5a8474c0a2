import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The default model, loaded once with all keys and once with a budget, token by token over a text.
struct SparseDecoder {
  let model: any LanguageModel
  private let tokens: [Int32]
  private let conditions: RunConditions

  /// Loads the default model; `nil` where it is not there.
  ///
  /// - Throws: what the engine throws.
  init?(_ conditions: RunConditions, text: String, budget: BlockBudget?, longest: Int) throws {
    guard let path = conditions.modelPath else { return nil }
    let loaded = try ModelLoader.load(
      path: path, options: LoadOptions(contextLength: longest, sparse: budget),
      context: Context(threads: conditions.threads))
    let encoded = Array(try Tokenizer(loaded.checkpoint).encode(text))
    guard !encoded.isEmpty else { return nil }
    var tokens: [Int32] = []
    while tokens.count < longest { tokens += encoded }
    self.tokens = tokens
    model = loaded.model
    self.conditions = conditions
  }

  /// States of the same beginning, `count` tokens long: the first is read, the others share it.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func states(_ number: Int, after count: Int, room: Int) throws -> [any MixerState] {
    let first = try model.makeState(capacity: count + room)
    for start in stride(from: 0, to: count, by: 512) {
      _ = try evaluate([.init(state: first, tokens: Array(tokens[start..<min(start + 512, count)]), logits: .none)])
    }
    return try [first] + (1..<number).map { _ in try first.fork() }
  }

  /// Seconds of a step in which each state gets a token: the least of `repeats` rounds of `steps`, each from the same place.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func step(_ states: [any MixerState], steps: Int, repeats: Int) throws -> Double {
    let count = states[0].tokens
    var best = Double.infinity
    for _ in 0..<repeats {
      let seconds = try TimingProtocol.time {
        for step in 0..<steps {
          let runs = states.map {
            TokenBatch.Run(
              state: $0, tokens: [tokens[(count + step) % tokens.count]], logits: .last, answerTokens: 1)
          }
          _ = try evaluate(runs)
        }
      }
      best = min(best, seconds / Double(steps))
      for state in states { try state.truncate(to: count) }
    }
    return best
  }

  /// The mean logarithm of the chance of each of `count` tokens of the text, from token `start` on, each generated after `context`
  /// tokens or more of it.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func logarithms(from start: Int, context: Int, count: Int) throws -> Double {
    let state = try model.makeState(capacity: context + count)
    let text = Array(tokens[start..<start + context + count])
    for chunk in stride(from: 0, to: context - 1, by: 512) {
      _ = try evaluate([
        .init(state: state, tokens: Array(text[chunk..<min(chunk + 512, context - 1)]), logits: .none)
      ])
    }
    var sum = 0.0
    for place in context - 1..<context + count - 1 {
      let row = try evaluate([.init(state: state, tokens: [text[place]], logits: .last, answerTokens: 1)]).row(0)
      let top = Double(row.max() ?? 0)
      let all = row.reduce(0.0) { $0 + exp(Double($1) - top) }
      sum += Double(row[Int(text[place + 1])]) - top - log(all)
    }
    return sum / Double(count)
  }

  private func evaluate(_ runs: [TokenBatch.Run]) throws -> Logits {
    try model.evaluate(TokenBatch(runs), isCancelled: conditions.isCancelled)
  }
}
