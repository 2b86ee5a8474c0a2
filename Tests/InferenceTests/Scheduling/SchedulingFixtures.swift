import Dispatch
import Tensors
import Venturi
import VenturiTesting

/// A model as small as can be of every kind of state, with an engine that shares it.
struct TinyModel: Sendable, CustomStringConvertible {
  let name: String
  let model: any LanguageModel
  /// What the model's memory comes from; nothing for scripted models.
  let context: Context?
  var description: String { name }

  /// Whole attention, whole and with experts; a sliding window; window and whole mixed; latent; two recurrences.
  static let architectures = [
    "llama3", "qwen3_moe", "mistral", "gemma3", "deepseek_v3", "mamba2", "rwkv7", "deep", "scripted", "rigid",
  ]

  init(name: String, model: any LanguageModel, context: Context?) {
    self.name = name
    self.model = model
    self.context = context
  }

  init(_ name: String) throws {
    self.name = name
    switch name {
    case "scripted", "rigid":
      // Every token before counts, so that a state which is not what its key says is found out.
      model = ScriptedModel(vocabularySize: 96, contextLength: 512, canTruncate: name == "scripted") { history in
        let hash = history.reduce(Int32(17)) { ($0 &* 31 &+ $1) & 0xFFFF }
        return ScriptedModel.scramble([hash, Int32(history.count)], 96)
      }
      context = nil
    case "deep":
      // Sequences of several pages.
      var tiny = TinyLlama()
      tiny.contextLength = 1024
      let file = try TemporaryFile(tiny.image().encoded())
      let context = Context(threads: 1)
      model = try ModelLoader.load(path: file.path, context: context).model
      self.context = context
    default:
      let context = Context(threads: 1)
      let path = GoldenFiles.url("architectures/\(name)").path
      model = try ModelLoader.load(path: path, options: LoadOptions(stepTokens: 64), context: context).model
      self.context = context
    }
  }

  var vocabularySize: Int32 { 90 }

  func engine(_ options: EngineOptions = EngineOptions(), digest: String? = nil) throws -> Engine {
    let tokens = (0..<90).map { String(UnicodeScalar(UInt8(0x21 + $0))) }
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: [Int32](repeating: 1, count: 90), special: SpecialTokens(end: 89))
    let tokenizer = try Tokenizer(vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm")
    return try Engine(model: model, tokenizer: tokenizer, options: options, baseHash: digest)
  }

  /// The bytes that a sequence of the whole context takes.
  func wholeState() throws -> Int {
    try model.makeState(capacity: model.description.contextLength).growth(model.description.contextLength)
  }
}

/// Runs `body` while the compute thread stands still, so that all that it asks for comes at once.
func whileHeld<Value: Sendable>(
  _ engine: Engine, _ body: @Sendable () async throws -> Value
) async throws -> Value {
  let gate = DispatchSemaphore(value: 0)
  let (stands, continuation) = AsyncStream.makeStream(of: Void.self)
  async let hold: Void = engine.withModel { _ in
    continuation.finish()
    gate.wait()
  }
  for await _ in stands {}
  let result: Result<Value, any Error>
  do { result = .success(try await body()) } catch { result = .failure(error) }
  gate.signal()
  try await hold
  return try result.get()
}
