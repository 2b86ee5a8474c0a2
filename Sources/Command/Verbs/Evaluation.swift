import Profiling
import Venturi

/// A text's tokens and the model file they are for.
struct Evaluation {
  let context: Context
  let tokens: [Int32]
  /// The token that the model wants before every text.
  let beginning: Int32?
  private let checkpoint: Checkpoint
  private let options: EngineOptions

  /// - Throws: what reading the files throws.
  init(text: EvalOptions, model: ModelOptions) throws {
    try self.init(
      bytes: try readWholeFile(text.file), path: try ModelAccess.path(of: model.model), options: model.engineOptions)
  }

  /// The text `bytes` for the model at `path`.
  ///
  /// - Throws: what reading the files throws.
  init(bytes: [UInt8], path: String, options: EngineOptions) throws {
    self.options = options
    try options.validate()
    let checkpoint = try Checkpoint(path: path)
    let tokenizer = try checkpoint.reading { try Tokenizer(checkpoint) }
    self.checkpoint = checkpoint
    tokens = tokenizer.encode(bytes: bytes, parseSpecial: false, addBoundaries: true)
    let special = tokenizer.vocabulary.special
    beginning = special.addsBeginning ? special.beginning.map { Int32($0) } : nil
    context = Context(threads: options.threads)
  }

  /// The model, or another of the same vocabulary, computed in one way.
  ///
  /// - Throws: what loading throws.
  func load(
    _ other: Checkpoint? = nil, compute: ComputeMode, cache: CacheType? = nil, rows: Int = TextScore.rows,
    stepTokens: Int = TextScore.window / 2
  ) throws -> any LanguageModel {
    try ModelLoader.load(
      other ?? checkpoint,
      options: LoadOptions(
        compute: compute, cache: cache, contextLength: TextScore.window, memoryLimit: options.memoryLimit,
        stepTokens: stepTokens, logitRows: rows),
      context: context
    ).model
  }
}
