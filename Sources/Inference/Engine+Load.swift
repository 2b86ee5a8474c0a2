import CVenturi
import Formats
import Models
import Synchronization
import Tensors
import Text

extension Engine {
  /// Loads a model by its name in the ``ModelHome`` or by the path of its file.
  ///
  /// The memory for the weights, one full sequence and the largest step is reckoned first; what does not fit is refused.
  /// What the options leave open is taken from the model's profile, if `venturi optimize` has written one for this machine.
  ///
  /// - Throws: ``InferenceError/modelNotFound(name:searched:)``, ``InferenceError/invalidOption(field:value:problem:)``,
  ///   ``InferenceError/damagedProfile(path:field:problem:)``, ``InferenceError/extensionFailed(name:problem:)``;
  ///   `TensorError` when the file cannot be mapped or changes meanwhile, `FormatError` and `ModelError` when it is not a
  ///   model that the engine runs exactly.
  public static func load(_ model: String, options: EngineOptions = EngineOptions()) async throws -> Engine {
    // Loading computes and waits for files, which the cooperative pool is not for.
    try await Thread.run { try open(model, options: options) }
  }

  /// What ``load(_:options:)`` does, on the calling thread.
  ///
  /// - Throws: what ``load(_:options:)`` throws.
  public static func open(_ model: String, options: EngineOptions = EngineOptions()) throws -> Engine {
    try options.validate()
    let path = try ModelHome().file(for: model)
    let checkpoint = try Checkpoint(path: path)
    let finding = try EngineProfile.find(options.profile, model: path, checkpoint: checkpoint)
    return try open(checkpoint, options: options, profile: finding.profile, notes: finding.notes)
  }

  /// What a model takes when it is loaded so, by its file alone.
  ///
  /// - Throws: what ``load(_:options:)`` throws for a file that does not say its sizes.
  public static func memoryNeed(of model: String, options: EngineOptions = EngineOptions()) throws -> MemoryNeed {
    try options.validate()
    let path = try ModelHome().file(for: model)
    let checkpoint = try Checkpoint(path: path)
    let profile = try EngineProfile.find(options.profile, model: path, checkpoint: checkpoint).profile
    let decided = try resolve(options, profile)
    return try checkpoint.reading {
      try ModelLoader.memoryNeed(
        of: checkpoint, options: loading(decided), threads: decided.threads ?? Int(vt_available_processors()))
    }
  }

  private static func loading(_ options: EngineOptions) -> LoadOptions {
    LoadOptions(
      compute: options.compute ?? .fast, cache: options.cache, contextLength: options.contextLength,
      memoryLimit: options.memoryLimit, stepTokens: options.stepTokens ?? EngineOptions.defaultStepTokens,
      sparse: options.sparse)
  }

  /// What ``open(_:options:)`` does with a checkpoint; each part that reads its files sees to it that they did not change.
  package static func open(
    _ checkpoint: Checkpoint, options given: EngineOptions, profile: EngineProfile? = nil, notes: [String] = []
  ) throws -> Engine {
    let options = try resolve(given, profile)
    // The tokenizer's tables are built beside the weights.
    let text = Mailbox<Result<(Tokenizer, ChatTemplate?), any Error>>()
    try Thread.start {
      let result = Result {
        try checkpoint.reading { (try Tokenizer(checkpoint), try ChatTemplate(checkpoint)) }
      }
      _ = text.send(result)
    }
    let context = Context(threads: options.threads)
    let loaded = Result { try ModelLoader.load(checkpoint, options: loading(options), context: context) }
    guard let result = text.receive(waits: true)?.first else { throw InferenceError.engineStopped }
    let (tokenizer, template) = try result.get()
    let model = try loaded.get().model
    let (tokens, rows) = (tokenizer.vocabulary.count, model.description.vocabularySize)
    // Folders come with rows that fill the matrix up and stand for no token.
    guard tokens == rows || checkpoint.folder != nil && tokens < rows else {
      throw FormatError.wrongCount(
        field: "tokenizer.ggml.tokens", offset: checkpoint.entry("tokenizer.ggml.tokens")?.offset ?? 0, found: tokens,
        expected: rows)
    }
    return try Engine(
      model: model, tokenizer: tokenizer, template: template, options: given, profile: profile, notes: notes,
      draft: try given.draft.map { try draft($0, for: tokenizer, options: options) }, allocator: context.allocator,
      baseHash: ModelFingerprint(checkpoint).digest)
  }

  /// The draft model that the options name, whose tokens must be the model's.
  private static func draft(
    _ name: String, for tokenizer: Tokenizer, options: EngineOptions
  ) throws -> any LanguageModel {
    let checkpoint = try Checkpoint(path: ModelHome().file(for: name))
    let own = try checkpoint.reading { try Tokenizer(checkpoint) }.vocabulary
    let count = tokenizer.vocabulary.count
    var place = own.count == count ? -1 : min(own.count, count)
    for id in 0..<min(own.count, count) where place < 0 || id < place {
      if try own.bytes(of: TokenID(id)) != tokenizer.vocabulary.bytes(of: TokenID(id)) { place = id }
    }
    guard place < 0 else {
      throw InferenceError.invalidOption(
        field: "draft", value: name, problem: "its vocabulary differs from the model's from token \(place) on")
    }
    let loading = LoadOptions(
      compute: options.compute ?? .fast, cache: options.cache, contextLength: options.contextLength,
      memoryLimit: options.memoryLimit)
    return try ModelLoader.load(checkpoint, options: loading, context: Context(threads: options.threads)).model
  }
}
