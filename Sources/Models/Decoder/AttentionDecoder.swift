import Layers
import Mixers
import Tensors

/// A decoder of blocks of attention and feed-forward layers.
///
/// x = E[tokens]; for each block x += attention(norm x), x += mlp(norm x); logits = H norm(x); with what else a
/// ``DecoderConfiguration`` says.
struct AttentionDecoder: DecoderNetwork {
  let embedding: TokenEmbedding
  let learnedPositions: PositionEmbedding?
  var blocks: [DecoderBlock]
  let norm: any Normalization
  var head: any LinearCore
  let configuration: DecoderConfiguration
  let positions: [RotaryEmbedding]
  let cache: KeyValueLayout
  private let embeddingScale: Float?
  private let logitLimit: Float?

  /// Builds the network over a checkpoint's tensors, which are packed for the kernels as they are read: nothing of the
  /// files is read afterwards.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Tensors/TensorError``, naming the key or tensor.
  init(_ checkpoint: Checkpoint, sizes: DecoderSizes, compute: ComputeMode, context: Context) throws {
    let c = sizes.configuration
    let weights = DecoderWeights(
      reader: WeightReader(checkpoint: checkpoint, compute: compute, context: context), configuration: c)
    let tables = c.rotations.map { rotation in
      RotaryEmbedding(
        headDim: c.headDim, rotated: rotation.rotated, offset: c.latent?.sizes.latent ?? 0, base: rotation.base,
        scaling: rotation.scaling, pairing: rotation.pairing, limit: sizes.contextLength)
    }
    blocks = try c.kinds.enumerated().map { index, kind in
      try weights.block(
        index, positions: tables.isEmpty ? nil : tables[kind.rotation], core: sizes.core(kind), cache: sizes.cache)
    }
    norm = try weights.norm("output_norm")
    let (rows, head) = try weights.embeddingAndHead(vocabularySize: sizes.vocabularySize)
    embedding = TokenEmbedding(rows.matrix)
    self.head = head
    configuration = c
    learnedPositions = c.learnsPositions ? try weights.positions(sizes.contextLength) : nil
    positions = tables
    cache = sizes.cache
    embeddingScale = c.embeddingScale
    logitLimit = c.logitLimit
  }

  var vocabularySize: Int { embedding.vocabularySize }

  func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try KeyValueCache(cache, capacity: capacity, allocator: context.allocator)
  }

  func owns(_ state: any MixerState) -> Bool { (state as? KeyValueCache)?.layout == cache }

  func callAsFunction(_ step: StepPlans.Step, _ context: Context) throws -> Tensor {
    let x = embedding(step.tokens, count: step.rows, context)
    if let embeddingScale { context.scale(x, by: embeddingScale) }
    learnedPositions?.add(to: x, batch: step.box, context)
    for (layer, block) in blocks.enumerated() {
      try block(x, layer: layer, batch: step.box, context)
      try step.endLayer()
    }
    let wanted = step.selectLogitRows(of: x, context)
    return context.within("head") {
      let logits = head(LinearInput(norm(wanted, context)), context)
      if let logitLimit { context.softcap(logits, at: logitLimit) }
      return logits
    }
  }
}
