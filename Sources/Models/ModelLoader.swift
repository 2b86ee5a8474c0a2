import Formats
import Tensors

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// How products are computed.
  public var compute: ComputeMode
  /// The longest sequence to allow; the model's own context length by default and at most.
  public var contextLength: Int?
  /// The most memory that ``MemoryNeed`` may state, in bytes; what the machine has by default.
  public var memoryLimit: Int?
  /// The most tokens of one evaluation, as far as memory is reckoned for it.
  public var stepTokens: Int
  /// The most rows of an evaluation that get logits, as far as memory is reckoned for them.
  public var logitRows: Int

  /// Options with defaults.
  public init(
    compute: ComputeMode = .fast, contextLength: Int? = nil, memoryLimit: Int? = nil, stepTokens: Int = 512,
    logitRows: Int = 1
  ) {
    self.compute = compute
    self.contextLength = contextLength
    self.memoryLimit = memoryLimit
    self.stepTokens = stepTokens
    self.logitRows = logitRows
  }
}

/// A model together with the file it came from, whose metadata holds the tokenizer and the chat template.
public struct LoadedModel: Sendable {
  /// The model.
  public let model: any LanguageModel
  /// The file's metadata; tensor data is in the model.
  public let file: GGUFFile
}

/// Opens model files.
public enum ModelLoader {
  /// Maps the file at `path`, checks it and builds the model it describes.
  ///
  /// - Throws: ``/Tensors/TensorError`` when the file cannot be mapped or changes meanwhile, ``/Formats/FormatError`` when
  ///   it is malformed, ``ModelError`` when it is not a model that fits here.
  public static func load(path: String, options: LoadOptions = LoadOptions(), context: Context) throws -> LoadedModel {
    let storage = try Storage(mapping: path)
    let file = try storage.reading { try GGUFFile(storage.bytes, keeper: storage) }
    return try load(file, storage: storage, options: options, context: context)
  }

  /// Builds the model that a parsed file describes; `storage` holds the file's bytes, and if it is a file that changes
  /// meanwhile, there is no model.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError``, ``/Tensors/TensorError/fileChanged(path:)``.
  public static func load(
    _ file: GGUFFile, storage: Storage, options: LoadOptions = LoadOptions(), context: Context
  ) throws -> LoadedModel {
    try storage.reading {
      let architecture = try file.string("general.architecture")
      switch architecture {
      case "llama":
        return LoadedModel(model: try Llama(file, storage: storage, options: options, context: context), file: file)
      default: throw ModelError.unknownArchitecture(architecture)
      }
    }
  }
  /// What the model that a parsed file describes takes on `threads` threads, before any of it is taken.
  ///
  /// - Throws: ``/Formats/FormatError`` and ``ModelError`` for a file that does not say its sizes.
  public static func memoryNeed(
    of file: GGUFFile, options: LoadOptions = LoadOptions(), threads: Int
  ) throws -> MemoryNeed {
    let architecture = try file.string("general.architecture")
    guard architecture == "llama" else { throw ModelError.unknownArchitecture(architecture) }
    return try LlamaSizes(file, options: options, threads: threads).memoryNeed
  }
}
