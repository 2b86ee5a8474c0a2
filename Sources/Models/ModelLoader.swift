import Formats
import Mixers
import Tensors

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// How products are computed.
  public var compute: ComputeMode
  /// What keys and values are kept in; f16 by default, f32 where all is computed in it.
  public var cache: CacheType?
  /// The longest sequence to allow; the model's own context length by default and at most.
  public var contextLength: Int?
  /// The most memory that ``MemoryNeed`` may state, in bytes; what the machine has by default.
  public var memoryLimit: Int?
  /// The most tokens of one evaluation, as far as memory is reckoned for it.
  public var stepTokens: Int
  /// The most rows of an evaluation that get logits, as far as memory is reckoned for them.
  public var logitRows: Int
  /// Which keys a token sees while it is generated; all by default.
  public var sparse: BlockBudget?

  /// Options with defaults.
  public init(
    compute: ComputeMode = .fast, cache: CacheType? = nil, contextLength: Int? = nil, memoryLimit: Int? = nil,
    stepTokens: Int = 512, logitRows: Int = 1, sparse: BlockBudget? = nil
  ) {
    self.compute = compute
    self.cache = cache
    self.contextLength = contextLength
    self.memoryLimit = memoryLimit
    self.stepTokens = stepTokens
    self.logitRows = logitRows
    self.sparse = sparse
  }
}

/// A model together with the checkpoint it came from, whose metadata holds the tokenizer and the chat template.
public struct LoadedModel: Sendable {
  /// The model.
  public let model: any LanguageModel
  /// The checkpoint's metadata; what tensors hold is in the model.
  public let checkpoint: Checkpoint
}

/// Opens models.
public enum ModelLoader {
  /// The model at `path`, a GGUF file or a folder in Hugging Face's form.
  ///
  /// - Throws: ``/Tensors/TensorError`` when a file cannot be mapped or changes meanwhile, ``/Formats/FormatError`` when
  ///   it is malformed, ``ModelError`` when it is not a model that fits here.
  public static func load(path: String, options: LoadOptions = LoadOptions(), context: Context) throws -> LoadedModel {
    try load(Checkpoint(path: path), options: options, context: context)
  }

  /// The model of a checkpoint; if one of its files changes meanwhile, there is none.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError``, ``/Tensors/TensorError/fileChanged(path:)``.
  public static func load(
    _ checkpoint: Checkpoint, options: LoadOptions = LoadOptions(), context: Context
  ) throws -> LoadedModel {
    try checkpoint.reading {
      let architecture = try Architecture.of(checkpoint)
      if options.sparse != nil, !architecture.choosesKeys {
        throw ModelError.configuration(
          key: "sparse", problem: "\(architecture.name) does not attend to keys in a cache")
      }
      return LoadedModel(model: try architecture.load(checkpoint, options, context), checkpoint: checkpoint)
    }
  }

  /// The encoder of a checkpoint; if one of its files changes meanwhile, there is none.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError``, ``/Tensors/TensorError/fileChanged(path:)``.
  public static func loadEncoder(
    _ checkpoint: Checkpoint, options: LoadOptions = LoadOptions(), context: Context
  ) throws -> any EncoderModel {
    try checkpoint.reading {
      let architecture = try Architecture.of(checkpoint)
      guard let load = architecture.loadEncoder else {
        throw ModelError.wrongKind(architecture: architecture.name, isEncoder: false)
      }
      return try load(checkpoint, options, context)
    }
  }

  /// What the model of a checkpoint takes on `threads` threads, before any of it is taken.
  ///
  /// - Throws: ``/Formats/FormatError`` and ``ModelError`` for one that does not say its sizes.
  public static func memoryNeed(
    of checkpoint: Checkpoint, options: LoadOptions = LoadOptions(), threads: Int
  ) throws -> MemoryNeed {
    try Architecture.of(checkpoint).memoryNeed(checkpoint, options, threads)
  }
}
