import Formats
import Models
import Synchronization
import Tensors
import Text

extension Engine {
  /// Loads a model by its name in the ``ModelHome`` or by the path of its file.
  ///
  /// The memory for the weights and one full sequence is reckoned first; what does not fit is refused.
  ///
  /// - Throws: ``InferenceError/modelNotFound(name:searched:)``, ``InferenceError/invalidOption(field:value:problem:)``;
  ///   `TensorError` when the file cannot be mapped, `FormatError`, `ModelError` and `TextError` when it is not a model
  ///   that the engine runs exactly.
  public static func load(_ model: String, options: EngineOptions = EngineOptions()) async throws -> Engine {
    // Loading computes and waits for files, which the cooperative pool is not for.
    try await Thread.run { try open(model, options: options) }
  }

  /// What ``load(_:options:)`` does, on the calling thread.
  ///
  /// - Throws: what ``load(_:options:)`` throws.
  public static func open(_ model: String, options: EngineOptions = EngineOptions()) throws -> Engine {
    try options.validate()
    let storage = try Storage(mapping: try ModelHome().file(for: model))
    let file = try GGUFFile(storage.bytes, keeper: storage)
    // The tokenizer's tables are built beside the weights.
    let text = Mailbox<Result<(BytePairTokenizer, ChatTemplate?), any Error>>()
    try Thread.start {
      let result = Result {
        let template = try file.stringIfPresent("tokenizer.chat_template")
        return (
          try BytePairTokenizer(file), try template.map { try ChatTemplate(recognising: $0) } as ChatTemplate?
        )
      }
      _ = text.send(result)
    }
    let loaded = Result {
      try ModelLoader.load(
        file, storage: storage,
        options: LoadOptions(
          compute: options.compute, contextLength: options.contextLength, memoryLimit: options.memoryLimit),
        context: Context(threads: options.threads))
    }
    guard let result = text.receive(waits: true)?.first else { throw InferenceError.engineStopped }
    let (tokenizer, template) = try result.get()
    return try Engine(model: loaded.get().model, tokenizer: tokenizer, template: template, options: options)
  }
}
