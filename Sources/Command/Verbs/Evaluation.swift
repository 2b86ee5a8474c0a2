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
    options = model.engineOptions
    try options.validate()
    let checkpoint = try Checkpoint(path: try ModelAccess.path(of: model.model))
    let tokenizer = try checkpoint.reading { try BytePairTokenizer(checkpoint) }
    self.checkpoint = checkpoint
    tokens = tokenizer.encode(bytes: try readWholeFile(text.file), parseSpecial: false, addBoundaries: true)
    let special = tokenizer.vocabulary.special
    beginning = special.addsBeginning ? special.beginning.map { Int32($0) } : nil
    context = Context(threads: options.threads)
  }

  /// The model, computed in one way.
  ///
  /// - Throws: what loading throws.
  func load(compute: ComputeMode) throws -> any LanguageModel {
    try ModelLoader.load(
      checkpoint,
      options: LoadOptions(
        compute: compute, contextLength: TextScore.window, memoryLimit: options.memoryLimit,
        stepTokens: TextScore.window / 2, logitRows: TextScore.rows),
      context: context
    ).model
  }
}
