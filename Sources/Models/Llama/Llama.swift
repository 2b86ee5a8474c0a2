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
    let sizes = try LlamaSizes(file, options: options, threads: context.workers.count)
    let need = sizes.memoryNeed
    try need.check(limit: options.memoryLimit)
    let configuration = sizes.configuration
    let weights = LlamaWeights(
      file: file, storage: storage, configuration: configuration, compute: options.compute, context: context)
    cacheLayout = sizes.cache
    description = try ModelDescription(
      file, configuration, vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength,
      stateBytesPerToken: need.perToken)

    positions = RotaryEmbedding(
      headDim: configuration.headDim, rotated: configuration.rotated, base: configuration.rotationBase,
      limit: sizes.contextLength)
    blocks = try (0..<configuration.layers).map { [positions, cacheLayout] index in
      try weights.block(index, positions: positions, core: sizes.core, cache: cacheLayout)
    }
    norm = try weights.norm("output_norm.weight")
    let rows = try weights.linear(
      "token_embd.weight", out: sizes.vocabularySize, in: configuration.width, precision: .refined)
    embedding = TokenEmbedding(rows.matrix)
    head =
      file.tensorIfPresent("output.weight") == nil
      ? rows
      : try weights.linear("output.weight", out: sizes.vocabularySize, in: configuration.width, precision: .refined)
    self.configuration = configuration
    self.context = context
    steps = StepPlans(context: context, byteLimit: need.capturedSteps)
  }

  /// The bytes that short steps and the table of positions keep outside of the context's allocator.
  package var keptBytes: Int { steps.bytes + positions.bytes }

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
