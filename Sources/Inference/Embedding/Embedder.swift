import Formats
import Models
import Tensors
import Text

/// An encoder with its tokenizer, and the thread on which everything asked of it is computed: texts in, vectors out.
///
/// ```swift
/// let embedder = try await Embedder.load("minilm")
/// let vector = try await embedder.embed("Water flows faster where a pipe is narrow.")
/// ```
///
/// Texts share steps without padding, those of requests that come together too, and what a text becomes is the same, bit
/// for bit, as if it were alone. Cancelling the task that waits stops the work: between two layers when the step is its
/// alone, else after it. Dropping the embedder ends the thread.
public final class Embedder: Sendable {
  /// The model.
  public let model: any EncoderModel
  /// The model's tokenizer.
  public let tokenizer: Tokenizer
  /// How a text's vectors become one.
  public let pooling: Pooling
  /// The most tokens that a text is read to.
  public let maxTokens: Int
  private let stepTokens: Int
  private let context: Context
  private let mailbox: Mailbox<EmbeddingRequest>
  /// Whose model and thread these are, and what is held as long as somebody uses them by this embedder.
  private let loan: (owner: Embedder, token: any AnyObject & Sendable)?

  /// The length of a vector.
  public var dimension: Int { model.description.width }

  /// An embedder from its parts; `context` is what the model computes with.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)``,
  ///   ``InferenceError/vocabularyMismatch(tokenizer:model:)``.
  public init(
    model: any EncoderModel, tokenizer: Tokenizer, context: Context, options: EmbedderOptions = EmbedderOptions()
  ) throws(InferenceError) {
    try options.validate()
    let size = model.description.vocabularySize
    guard tokenizer.vocabulary.count <= size else {
      throw .vocabularyMismatch(tokenizer: tokenizer.vocabulary.count, model: size)
    }
    self.model = model
    self.tokenizer = tokenizer
    self.context = context
    pooling = options.pooling ?? model.pooling
    maxTokens = min(options.maxTokens ?? .max, model.description.contextLength)
    stepTokens = options.stepTokens ?? EmbedderOptions.defaultStepTokens
    mailbox = Mailbox()
    loan = nil
    let (mailbox, pooling, maxTokens, stepTokens) = (mailbox, pooling, maxTokens, stepTokens)
    try Thread.start {
      var loop = EmbeddingLoop(
        model: model, tokenizer: tokenizer, context: context, pooling: pooling, maxTokens: maxTokens,
        stepTokens: stepTokens)
      loop.run(mailbox)
    }
  }

  /// Another's model and thread.
  private init(_ owner: Embedder, holding token: any AnyObject & Sendable) {
    (model, tokenizer, pooling, maxTokens) = (owner.model, owner.tokenizer, owner.pooling, owner.maxTokens)
    (stepTokens, context, mailbox) = (owner.stepTokens, owner.context, owner.mailbox)
    loan = (owner, token)
  }

  deinit { if loan == nil { mailbox.close() } }

  /// This embedder for one who uses it for a time: `token` is held until that embedder is gone.
  package func lent(holding token: any AnyObject & Sendable) -> Embedder { Embedder(self, holding: token) }

  /// Loads an encoder by its name in the ``ModelHome`` or by the path of its file or folder.
  ///
  /// - Throws: ``InferenceError``; `TensorError` when a file cannot be mapped or changes meanwhile, `FormatError` and
  ///   `ModelError` when it is no encoder that the engine runs exactly.
  public static func load(_ model: String, options: EmbedderOptions = EmbedderOptions()) async throws -> Embedder {
    try await Thread.run { try open(model, options: options) }
  }

  /// What ``load(_:options:)`` does, on the calling thread.
  ///
  /// - Throws: what ``load(_:options:)`` throws.
  public static func open(_ model: String, options: EmbedderOptions = EmbedderOptions()) throws -> Embedder {
    try options.validate()
    return try open(
      Checkpoint(path: ModelHome().file(for: model)), context: Context(threads: options.threads), options: options)
  }

  /// The embedder of a checkpoint.
  ///
  /// - Throws: what ``load(_:options:)`` throws.
  package static func open(_ checkpoint: Checkpoint, context: Context, options: EmbedderOptions) throws -> Embedder {
    let encoder = try ModelLoader.loadEncoder(
      checkpoint,
      options: LoadOptions(
        compute: options.compute, memoryLimit: options.memoryLimit,
        stepTokens: options.stepTokens ?? EmbedderOptions.defaultStepTokens), context: context)
    let tokenizer = try checkpoint.reading { try Tokenizer(encoder: checkpoint) }
    return try Embedder(model: encoder, tokenizer: tokenizer, context: context, options: options)
  }

  /// An embedder that shares this one's model and pools in another way.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)`` when there is no thread to be had.
  public func with(pooling: Pooling) throws(InferenceError) -> Embedder {
    try Embedder(
      model: model, tokenizer: tokenizer, context: context,
      options: EmbedderOptions(pooling: pooling, maxTokens: maxTokens, stepTokens: stepTokens))
  }

  /// What is there as long as the model's memory is taken.
  package var lifetime: AnyObject { context.allocator.lifetime }

  /// The vector of a text.
  ///
  /// - Throws: `CancellationError`; ``InferenceError/engineStopped``; the model's errors.
  public func embed(_ text: String) async throws -> [Float] { try await embed([text]).values }

  /// The vectors of texts, in their order. A text with more tokens than ``maxTokens`` is cut, and listed.
  ///
  /// - Parameters:
  ///   - texts: any number of texts, which may be empty.
  ///   - report: called on the compute thread with the number of texts that are done.
  /// - Throws: `CancellationError`; ``InferenceError/engineStopped``; the model's errors.
  public func embed(
    _ texts: [String], report: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Embeddings {
    let cancellation = Cancellation()
    let dimension = dimension
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let request = EmbeddingRequest(
          texts, dimension: dimension, isCancelled: { cancellation.isRequested }, report: report
        ) { continuation.resume(with: $0) }
        if !mailbox.send(request) { continuation.resume(throwing: InferenceError.engineStopped) }
      }
    } onCancel: {
      cancellation.request()
    }
  }

  /// What ``embed(_:report:)`` does, on the calling thread.
  package func compute(_ texts: [String]) throws -> Embeddings {
    var result: Result<Embeddings, any Error>?
    var loop = EmbeddingLoop(
      model: model, tokenizer: tokenizer, context: context, pooling: pooling, maxTokens: maxTokens,
      stepTokens: stepTokens)
    loop.run(EmbeddingRequest(texts, dimension: dimension, isCancelled: { false }, report: { _ in }) { result = $0 })
    guard let result else { throw InferenceError.engineStopped }
    return try result.get()
  }
}
