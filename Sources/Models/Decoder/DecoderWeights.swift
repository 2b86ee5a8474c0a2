import Layers
import Mixers
import Tensors

/// Builds a decoder's layers from a checkpoint's weights, under the names that GGUF files have.
///
/// A file without `output.weight` ties the output head to the embedding.
struct DecoderWeights {
  let reader: WeightReader
  let configuration: DecoderConfiguration

  /// A norm of the residual stream; `name` without `.weight`.
  func norm(_ name: String) throws -> any Normalization {
    let weight = try reader.vector(name + ".weight", configuration.width)
    switch configuration.norm {
    case .rms: return RMSNorm(weight: weight, epsilon: configuration.epsilon)
    case .layer:
      return LayerNorm(
        weight: weight, bias: try reader.vectorIfPresent(name + ".bias", configuration.width),
        epsilon: configuration.epsilon)
    }
  }

  /// The norm of each head of queries or keys.
  private func headNorm(_ name: String) throws -> HeadNorm {
    let weight = try reader.vector(name, configuration.headDim)
    return HeadNorm(RMSNorm(weight: weight, epsilon: configuration.epsilon), headDim: configuration.headDim)
  }

  /// The embedding's rows and the output head, which are one where the file has no head of its own.
  func embeddingAndHead(vocabularySize: Int) throws -> (PackedLinear, PackedLinear) {
    func matrix(_ name: String) throws -> PackedLinear {
      try reader.linear(
        DecoderMatrix(name: name, out: vocabularySize, width: configuration.width, precision: .refined))
    }
    let rows = try matrix("token_embd.weight")
    return (rows, reader.checkpoint.tensorIfPresent("output.weight") == nil ? rows : try matrix("output.weight"))
  }

  /// The learned rows of the first `count` positions.
  func positions(_ count: Int) throws -> PositionEmbedding {
    PositionEmbedding(
      try reader.rows("position_embd.weight", count, of: configuration.contextLength, width: configuration.width))
  }

  func block(_ index: Int, positions: RotaryEmbedding?, core: any AttentionCore, cache: KeyValueLayout) throws
    -> DecoderBlock
  {
    let c = configuration
    let prefix = "blk.\(index)."
    let matrices = c.matrices(index, in: reader.checkpoint)
    return DecoderBlock(
      mixerNorm: try norm(prefix + "attn_norm"),
      mixer: try attention(index, matrices, positions: positions, core: core, cache: cache),
      mixerOutputNorm: c.normsOutputs ? try norm(prefix + "post_attention_norm") : nil,
      mlpNorm: try norm(prefix + "ffn_norm"), mlp: try feedForward(index, matrices),
      mlpOutputNorm: c.normsOutputs ? try norm(prefix + "post_ffw_norm") : nil, isParallel: c.isParallel)
  }

  private func attention(
    _ index: Int, _ matrices: DecoderConfiguration.Matrices, positions: RotaryEmbedding?, core: any AttentionCore,
    cache: KeyValueLayout
  ) throws -> any SequenceMixer {
    let c = configuration
    let prefix = "blk.\(index)."
    let makeCache = { @Sendable (capacity: Int, context: Context) throws(MixerError) -> any MixerState in
      try KeyValueCache(cache, capacity: capacity, allocator: context.allocator)
    }
    if let latent = c.latent, let positions {
      return LatentAttention(
        sizes: latent.sizes, weights: try latentWeights(index, latent), positions: positions, core: core,
        makeCache: makeCache)
    }
    func norm(_ name: String, _ width: Int) throws -> (any Normalization)? {
      if c.normsHeads { return try headNorm(prefix + name) }
      guard c.normsQueriesAndKeys else { return nil }
      return RMSNorm(weight: try reader.vector(prefix + name, width), epsilon: c.epsilon)
    }
    return SelfAttention(
      query: try reader.linear(matrices.query), key: try reader.linear(matrices.key),
      value: try reader.linear(matrices.value), output: try reader.linear(matrices.output),
      queryNorm: try norm("attn_q_norm.weight", c.queryWidth), keyNorm: try norm("attn_k_norm.weight", c.keyWidth),
      positions: positions, core: core, makeCache: makeCache)
  }

  private func feedForward(_ index: Int, _ matrices: DecoderConfiguration.Matrices) throws -> any FeedForward {
    if let experts = configuration.experts, experts.isIn(index, reader.checkpoint) {
      return try expertLayer(index, experts)
    }
    let gate = try matrices.gate.map(reader.linear)
    let (up, down) = (try reader.linear(matrices.up), try reader.linear(matrices.down))
    switch configuration.mlp {
    case .gated(let function), .gatedTogether(let function):
      return GatedMLP(gate: gate ?? up, up: up, down: down, function: function)
    case .plain(let activation): return MLP(up: up, down: down, activation: activation)
    }
  }
}
