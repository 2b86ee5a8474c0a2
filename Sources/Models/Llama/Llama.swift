// Touvron et al.: LLaMA: open and efficient foundation language models, 2023 (https://arxiv.org/abs/2302.13971).

import Formats
import Layers
import Mixers
import Tensors

/// A decoder of the Llama family: pre-norm blocks of rotary grouped-query attention and gated feed-forward layers.
///
/// x = E[tokens]; for each block x += attention(norm x), x += mlp(norm x); logits = H norm(x).
struct Llama: DecoderNetwork {
  let embedding: TokenEmbedding
  let blocks: [DecoderBlock]
  let norm: RMSNorm
  let head: any LinearCore
  let positions: [RotaryEmbedding]
  let cache: KeyValueLayout

  /// Builds the network over a checkpoint's tensors, which are packed for the kernels as they are read: nothing of the
  /// files is read afterwards.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Tensors/TensorError``, naming the key or tensor.
  init(_ checkpoint: Checkpoint, sizes: LlamaSizes, compute: ComputeMode, context: Context) throws {
    let configuration = sizes.configuration
    let weights = LlamaWeights(
      reader: WeightReader(checkpoint: checkpoint, compute: compute, context: context), configuration: configuration)
    let angles = RotaryEmbedding(
      headDim: configuration.headDim, rotated: configuration.rotated, base: configuration.rotationBase,
      limit: sizes.contextLength)
    blocks = try (0..<configuration.layers).map { index in
      try weights.block(index, positions: angles, core: sizes.core, cache: sizes.cache)
    }
    norm = try weights.norm("output_norm.weight")
    let (rows, head) = try weights.embeddingAndHead(vocabularySize: sizes.vocabularySize)
    embedding = TokenEmbedding(rows.matrix)
    self.head = head
    positions = [angles]
    cache = sizes.cache
  }

  var vocabularySize: Int { embedding.vocabularySize }

  func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try KeyValueCache(cache, capacity: capacity, allocator: context.allocator)
  }

  func owns(_ state: any MixerState) -> Bool { (state as? KeyValueCache)?.layout == cache }

  func callAsFunction(_ step: StepPlans.Step, _ context: Context) throws -> Tensor {
    let x = embedding(step.tokens, count: step.rows, context)
    for (layer, block) in blocks.enumerated() {
      try block(x, layer: layer, batch: step.box, context)
      try step.endLayer()
    }
    let wanted = step.selectLogitRows(of: x, context)
    return context.within("head") { head(LinearInput(norm(wanted, context)), context) }
  }
}
