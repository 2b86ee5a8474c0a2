// Touvron et al.: LLaMA: open and efficient foundation language models, 2023 (https://arxiv.org/abs/2302.13971).

import Formats
import Layers
import Mixers
import Numerics
import Tensors

/// A decoder of the Llama family: pre-norm blocks of rotary grouped-query attention and gated feed-forward layers.
///
/// x = E[tokens]; for each block x += attention(norm x), x += mlp(norm x); logits = H norm(x).
public final class Llama: LanguageModel, @unchecked Sendable {
  /// What the model is.
  public let description: ModelDescription
  private let configuration: LlamaConfiguration
  private let embedding: TokenEmbedding
  private let blocks: [DecoderBlock]
  private let norm: RMSNorm
  private let head: any LinearCore
  private let positions: RotaryEmbedding
  private let cacheLayout: KeyValueLayout
  private let context: Context
  private let steps: StepPlans

  /// Builds the model over a file's tensors, which are packed for the kernels as they are read: nothing of the file is
  /// read afterwards.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Tensors/TensorError``, naming the key or tensor.
  public init(_ file: GGUFFile, storage: Storage, options: LoadOptions, context: Context) throws {
    let configuration = try LlamaConfiguration(file)
    let weights = LlamaWeights(
      file: file, storage: storage, configuration: configuration, compute: options.compute, context: context)
    let embeddingShape = try file.tensor("token_embd.weight").shape
    guard embeddingShape.rank == 2, embeddingShape[0] > 0 else {
      throw ModelError.tensorMismatch(
        name: "token_embd.weight", expected: "[vocabulary, width], not empty", found: "\(embeddingShape)")
    }
    let vocabularySize = embeddingShape[0]
    cacheLayout = try KeyValueLayout(
      layers: configuration.layers, kvHeads: configuration.kvHeads, headDim: configuration.headDim,
      dtype: options.compute == .f32 ? .f32 : .f16)
    let description = try ModelDescription(
      file, configuration, vocabularySize: vocabularySize,
      contextLength: min(options.contextLength ?? configuration.contextLength, configuration.contextLength),
      stateBytesPerToken: cacheLayout.pageBytes / KeyValueLayout.pageTokens)
    try MemoryNeed(description).check(limit: options.memoryLimit)

    positions = RotaryEmbedding(
      headDim: configuration.headDim, rotated: configuration.rotated, base: configuration.rotationBase,
      limit: description.contextLength)
    let core = try DenseAttention(
      heads: configuration.heads, kvHeads: configuration.kvHeads, headDim: configuration.headDim)
    blocks = try (0..<configuration.layers).map { [positions, cacheLayout] index in
      try weights.block(index, positions: positions, core: core, cache: cacheLayout)
    }
    norm = try weights.norm("output_norm.weight")
    let rows = try weights.linear(
      "token_embd.weight", out: vocabularySize, in: configuration.width, precision: .refined)
    embedding = TokenEmbedding(rows.matrix)
    head =
      file.tensorIfPresent("output.weight") == nil
      ? rows
      : try weights.linear("output.weight", out: vocabularySize, in: configuration.width, precision: .refined)
    self.configuration = configuration
    self.description = description
    self.context = context
    steps = StepPlans(context: context)
  }

  /// A state with no tokens, of up to `capacity`.
  public func makeState(capacity: Int) throws -> any MixerState {
    guard capacity > 0, capacity <= description.contextLength else {
      throw ModelError.contextExceeded(limit: description.contextLength, requested: capacity)
    }
    return try KeyValueCache(cacheLayout, capacity: capacity, allocator: context.allocator)
  }

  /// Appends every run and computes the logits asked for; see ``LanguageModel``.
  public func evaluate(_ batch: TokenBatch, isCancelled: () -> Bool) throws -> Logits {
    let layout = try batch.layout(vocabularySize: embedding.vocabularySize) { state in
      (state as? KeyValueCache)?.layout == cacheLayout
    }
    positions.reserve(positions: layout.runs.map { $0.position + $0.rows }.max() ?? 0)
    return try steps.run(batch, layout, isCancelled: isCancelled) { [self] step throws in
      let x = embedding(step.tokens, count: step.rows, context)
      for (layer, block) in blocks.enumerated() {
        try block(x, layer: layer, batch: step.box, context)
        try step.endLayer()
      }
      let wanted = step.selectLogitRows(of: x, context)
      return context.within("head") { head(LinearInput(norm(wanted, context)), context) }
    }
  }
}
