import Formats
import Layers
import Mixers
import Tensors

/// BERT: the token's row, its position's and its segment's, then blocks of attention and a feed-forward layer with the norms
/// behind the sums (Devlin et al.: BERT, 2019).
enum Bert {
  /// The encoder of a checkpoint.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError``, ``/Layers/MixerError``, ``/Tensors/TensorError``.
  static func load(_ checkpoint: Checkpoint, options: LoadOptions, context: Context) throws -> Encoder {
    let sizes = try EncoderSizes(checkpoint, architecture: "bert", options: options)
    try sizes.memoryNeed(checkpoint, options: options).check(limit: options.memoryLimit)
    let weights = EncoderWeights(checkpoint, sizes: sizes, compute: options.compute, context: context)
    let core = try DenseAttention(
      heads: sizes.heads, kvHeads: sizes.heads, headDim: sizes.headDim, mask: .none)
    return Encoder(
      embedding: EncoderEmbedding(
        tokens: try weights.table("token_embd.weight", rows: sizes.vocabularySize),
        positions: try positions(weights, checkpoint), norm: try weights.norm("token_embd_norm")),
      blocks: try (0..<sizes.layers).map { try block($0, weights, core) }, norm: nil,
      pooling: try Pooling(checkpoint, architecture: "bert"), description: try sizes.description(checkpoint),
      context: context)
  }

  /// The rows of positions. All tokens are of the first segment, so that its row is part of every position's.
  private static func positions(_ weights: EncoderWeights, _ checkpoint: Checkpoint) throws -> Tensor {
    let sizes = weights.sizes
    let table = try weights.table("position_embd.weight", rows: sizes.positions)
    guard let segments = checkpoint.tensorIfPresent("token_types.weight") else { return table }
    guard segments.shape.rank == 2, segments.shape[0] > 0 else {
      throw ModelError.tensorMismatch(
        name: "token_types.weight", expected: "[1 or more, \(sizes.width)]", found: "\(segments.shape)")
    }
    let first = try weights.table("token_types.weight", rows: segments.shape[0])
    let (row, values) = (first.pointer(as: Float.self), table.pointer(as: Float.self))
    withExtendedLifetime(first) {
      for index in 0..<table.count { values[index] += row[index % sizes.width] }
    }
    return table
  }

  private static func block(_ index: Int, _ weights: EncoderWeights, _ core: DenseAttention) throws -> EncoderBlock {
    let sizes = weights.sizes
    let prefix = "blk.\(index)."
    func square(_ name: String) throws -> PackedLinear {
      try weights.linear(prefix + name, out: sizes.width, in: sizes.width)
    }
    return EncoderBlock(
      query: try square("attn_q"), key: try square("attn_k"), value: try square("attn_v"),
      output: try square("attn_output"), core: core, positions: nil,
      attentionNorm: try weights.norm(prefix + "attn_output_norm"),
      mlp: MLP(
        up: try weights.linear(prefix + "ffn_up", out: sizes.feedForward, in: sizes.width),
        down: try weights.linear(prefix + "ffn_down", out: sizes.width, in: sizes.feedForward),
        activation: sizes.activation), mlpNorm: try weights.norm(prefix + "layer_output_norm"), order: .normsBehind)
  }
}
