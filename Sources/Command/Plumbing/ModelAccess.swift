import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// From what a user calls a model to the loaded thing.
enum ModelAccess {
  /// The folder for models and everything else that is kept: `VENTURI_HOME`, else `~/.cache/venturi`.
  static var home: String {
    if let home = environmentValue("VENTURI_HOME"), !home.isEmpty { return home }
    if let cache = environmentValue("XDG_CACHE_HOME"), !cache.isEmpty { return "\(cache)/venturi" }
    return "\(environmentValue("HOME") ?? "")/.cache/venturi"
  }

  /// The file that a path or name means.
  ///
  /// - Throws: ``CommandFailure``, which says how to get the model.
  static func path(of model: String) throws -> String {
    if model.contains("/") || model.hasSuffix(".gguf") {
      if access(model, F_OK) == 0 { return model }
      throw missing("there is no file '\(model)'")
    }
    let pulled = "\(home)/models/\(model).gguf"
    if access(pulled, F_OK) == 0 { return pulled }
    throw missing("there is no model '\(model)' in \(home)/models; `venturi pull \(model)` fetches it")
  }

  private static func missing(_ message: String) -> CommandFailure {
    CommandFailure(status: .unavailable, kind: "model_not_found", message: message)
  }

  /// The engine for a model, and the seconds that loading took.
  ///
  /// - Throws: what loading throws.
  static func load(_ model: ModelOptions, contextLength: Int? = nil) async throws -> (Engine, Double) {
    let path = try path(of: model.model)
    let options = model.engineOptions(contextLength: contextLength)
    try options.validate()
    var engine: Engine?
    let seconds = try TimingProtocol.time {
      let context = Context(threads: options.threads)
      let loaded = try ModelLoader.load(
        path: path,
        options: LoadOptions(
          compute: options.compute, contextLength: options.contextLength, memoryLimit: options.memoryLimit),
        context: context)
      engine = try Engine(
        model: loaded.model, tokenizer: BytePairTokenizer(loaded.file),
        template: loaded.file.stringIfPresent("tokenizer.chat_template").map { try ChatTemplate(recognising: $0) },
        options: options)
    }
    guard let engine else { throw CommandFailure(status: .failure, kind: "failure", message: "no engine") }
    return (engine, seconds)
  }

  /// The tokenizer of a model file.
  ///
  /// - Throws: what reading the file throws.
  static func tokenizer(_ model: String) throws -> BytePairTokenizer {
    let storage = try Storage(mapping: try path(of: model))
    return try BytePairTokenizer(GGUFFile(storage.bytes, keeper: storage))
  }
}
