import Catalogue
import Profiling
import Venturi

/// The default model's times, prompt by prompt and token by token, one sequence at a time.
struct DecoderTimer {
  private let model: any LanguageModel
  private let tokens: [Int32]
  private let timer: QueryTimer
  private let conditions: RunConditions

  /// Loads the default model for contexts of at most `longest` tokens; `nil` where it is not there.
  ///
  /// - Throws: what the engine throws.
  init?(
    _ conditions: RunConditions, longest: Int, compute: ComputeMode = .fast, threads: Int? = nil
  ) throws {
    guard let path = conditions.modelPath else { return nil }
    let loaded = try ModelLoader.load(
      path: path, options: LoadOptions(compute: compute, contextLength: longest),
      context: Context(threads: threads ?? conditions.threads))
    let tokenizer = try Tokenizer(loaded.checkpoint)
    tokens = Self.tokens(tokenizer, atLeast: longest)
    model = loaded.model
    timer = QueryTimer(model, longest: longest, tokens: tokens, isCancelled: conditions.isCancelled)
    self.conditions = conditions
  }

  /// Plain English that is always at hand, what the catalogue says of its systems, as often as it takes.
  static func tokens(_ tokenizer: Tokenizer, atLeast count: Int) -> [Int32] {
    let text = Catalogue.entries.map { "\($0.name). \($0.summary) (\($0.keywords))" }.joined(separator: "\n")
    let once = Array(tokenizer.encode(text))
    var tokens: [Int32] = []
    while tokens.count < count, !once.isEmpty { tokens += once }
    return tokens
  }

  /// Seconds of a prompt with the first token after it, and of the tokens after that, all together.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func seconds(prompt: Int, output: Int) throws -> (first: Double, rest: Double) {
    try timer.seconds(prompt: prompt, output: output)
  }

  /// Bytes of keys and values that the engine really takes for so many tokens.
  ///
  /// - Throws: what the engine throws.
  func stateBytes(_ count: Int) throws -> Int {
    let state = try model.makeState(capacity: count)
    _ = try model.evaluate(
      TokenBatch([.init(state: state, tokens: Array(tokens.prefix(count)), logits: .none)]),
      isCancelled: conditions.isCancelled)
    return state.bytes
  }
}
