import Formats
import Synchronization
import Tensors

/// A kind of model: how its memory is reckoned, how it is built, and how Hugging Face's folders of it are read.
///
/// A program can add its own with ``register(_:)``.
public struct Architecture: Sendable {
  /// GGUF's name, the value of `general.architecture`.
  public let name: String
  /// Hugging Face's names, values of `model_type`.
  public let huggingFaceTypes: [String]
  /// What a checkpoint of it takes on a number of threads, before any of it is taken.
  public let memoryNeed:
    @Sendable (_ checkpoint: Checkpoint, _ options: LoadOptions, _ threads: Int) throws -> MemoryNeed
  /// The model of a checkpoint.
  public let load:
    @Sendable (_ checkpoint: Checkpoint, _ options: LoadOptions, _ context: Context) throws -> any LanguageModel
  /// The encoder of a checkpoint; nothing for language models.
  public let loadEncoder:
    (@Sendable (_ checkpoint: Checkpoint, _ options: LoadOptions, _ context: Context) throws -> any EncoderModel)?
  /// What a folder is in GGUF's words; nothing where folders of it are not read.
  public let translate: (@Sendable (_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation)?
  /// Whether its layers can choose among the keys of a cache; ``LoadOptions/sparse`` is refused elsewhere.
  var choosesKeys = false
  /// An adapter with GGUF's names and order of rows; nothing where none are read.
  var translateAdapter: (@Sendable (_ adapter: LowRankAdapter, _ checkpoint: Checkpoint) throws -> LowRankAdapter)?

  /// An architecture from its parts.
  public init(
    name: String, huggingFaceTypes: [String] = [],
    memoryNeed: @escaping @Sendable (Checkpoint, LoadOptions, Int) throws -> MemoryNeed,
    load: @escaping @Sendable (Checkpoint, LoadOptions, Context) throws -> any LanguageModel,
    translate: (@Sendable (HuggingFaceFolder) throws -> HuggingFaceTranslation)? = nil
  ) {
    self.name = name
    self.huggingFaceTypes = huggingFaceTypes
    self.memoryNeed = memoryNeed
    self.load = load
    loadEncoder = nil
    self.translate = translate
  }

  /// An architecture of encoders from its parts.
  public init(
    encoder name: String, huggingFaceTypes: [String] = [],
    memoryNeed: @escaping @Sendable (Checkpoint, LoadOptions, Int) throws -> MemoryNeed,
    load: @escaping @Sendable (Checkpoint, LoadOptions, Context) throws -> any EncoderModel,
    translate: (@Sendable (HuggingFaceFolder) throws -> HuggingFaceTranslation)? = nil
  ) {
    self.name = name
    self.huggingFaceTypes = huggingFaceTypes
    self.memoryNeed = memoryNeed
    self.load = { _, _, _ in throw ModelError.wrongKind(architecture: name, isEncoder: true) }
    loadEncoder = load
    self.translate = translate
  }

  /// The architectures of the house.
  static let catalogue: [Architecture] = [
    .llama, .mistral, .qwen2, .qwen3, .gemma2, .gemma3, .phi3, .gpt2, .gptNeoX,
    .mixtral, .qwen2MoE, .qwen3MoE, .olmoe, .deepSeek,
    .mamba2, .rwkv7,
    .bert, .modernBert,
  ]

  private static let registered = Mutex<[Architecture]>([])

  /// All that can be loaded, those of the house first.
  public static var all: [Architecture] { catalogue + registered.withLock { $0 } }

  /// Adds an architecture, in the place of an earlier registered one of its name. Those of the house come first.
  public static func register(_ architecture: Architecture) {
    registered.withLock { known in
      known.removeAll { $0.name == architecture.name }
      known.append(architecture)
    }
  }

  /// The architecture of GGUF's name.
  public static func named(_ name: String) -> Architecture? { all.first { $0.name == name } }

  /// The architecture of one of Hugging Face's names.
  public static func named(huggingFace type: String) -> Architecture? {
    all.first { $0.huggingFaceTypes.contains(type) }
  }

  /// The architecture that a checkpoint says it is.
  ///
  /// - Throws: ``ModelError/unknownArchitecture(_:)``, ``/Formats/FormatError``.
  static func of(_ checkpoint: Checkpoint) throws -> Architecture {
    let name = try checkpoint.string("general.architecture")
    guard let found = named(name) else { throw ModelError.unknownArchitecture(name) }
    return found
  }
}
