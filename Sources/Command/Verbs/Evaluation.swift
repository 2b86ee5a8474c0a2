import Profiling
import Venturi

/// A text's tokens and the model file they are for.
struct Evaluation {
  let context: Context
  let tokens: [Int32]
  /// The token that the model wants before every text.
  let beginning: Int32?
  private let storage: Storage
  private let file: GGUFFile
  private let options: EngineOptions

  /// - Throws: what reading the files throws.
  init(text: EvalOptions, model: ModelOptions) throws {
    options = model.engineOptions
    try options.validate()
    let storage = try Storage(mapping: try ModelAccess.path(of: model.model))
    let (file, tokenizer) = try storage.reading {
      let file = try GGUFFile(storage.bytes, keeper: storage)
      return (file, try Tokenizer(file))
    }
    self.storage = storage
    self.file = file
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
      file, storage: storage,
      options: LoadOptions(
        compute: compute, contextLength: TextScore.window, memoryLimit: options.memoryLimit,
        stepTokens: TextScore.window / 2, logitRows: TextScore.rows),
      context: context
    ).model
  }
}
