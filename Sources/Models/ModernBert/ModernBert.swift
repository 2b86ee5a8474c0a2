import Formats
import Layers
import Mixers
import NumericTypes
import Tensors

/// ModernBERT: rotary positions, norms before the layers and none of them with a bias, a gated feed-forward layer, and
/// attention to all tokens in every third layer only, to a window in the others (Warner et al.: Smarter, better, faster,
/// longer, 2024).
enum ModernBert {
  static let architecture = "modern-bert"

  /// The encoder of a checkpoint.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError``, ``/Layers/MixerError``, ``/Tensors/TensorError``.
  static func load(_ checkpoint: Checkpoint, options: LoadOptions, context: Context) throws -> Encoder {
    let sizes = try EncoderSizes(checkpoint, architecture: architecture, options: options)
    try sizes.memoryNeed(checkpoint, options: options).check(limit: options.memoryLimit)
    let weights = EncoderWeights(checkpoint, sizes: sizes, compute: options.compute, context: context)
    let layers = try Layers(checkpoint, sizes)
    return Encoder(
      embedding: EncoderEmbedding(
        tokens: try weights.table("token_embd.weight", rows: sizes.vocabularySize), positions: nil,
        norm: try weights.norm("token_embd_norm")),
      blocks: try (0..<sizes.layers).map { try block($0, weights, layers) }, norm: try weights.norm("output_norm"),
      pooling: try Pooling(checkpoint, architecture: architecture), description: try sizes.description(checkpoint),
      context: context)
  }

  /// The two kinds of attention, and which layer has which.
  private struct Layers {
    let global: (core: DenseAttention, positions: RotaryEmbedding)
    let local: (core: DenseAttention, positions: RotaryEmbedding)
    let period: Int

    init(_ checkpoint: Checkpoint, _ sizes: EncoderSizes) throws {
      func kind(_ mask: AttentionMask, _ key: String) throws -> (core: DenseAttention, positions: RotaryEmbedding) {
        guard sizes.headDim.isMultiple(of: 2) else {
          throw ModelError.configuration(
            key: "\(architecture).attention.head_count", problem: "heads of \(sizes.headDim) cannot turn by pairs")
        }
        let base = try checkpoint.float("\(architecture).rope.\(key)", in: 1...1e12)
        return (
          try DenseAttention(heads: sizes.heads, kvHeads: sizes.heads, headDim: sizes.headDim, mask: mask),
          RotaryEmbedding(
            headDim: sizes.headDim, rotated: sizes.headDim, base: Double(base), pairing: .halves,
            limit: sizes.positions)
        )
      }
      global = try kind(.none, "freq_base")
      period = try checkpoint.uintIfPresent("\(architecture).attention.sliding_window_pattern", in: 1...1024) ?? 3
      if let window = try checkpoint.uintIfPresent("\(architecture).attention.sliding_window", in: 1...1 << 24) {
        let side = window / 2
        local = try kind(AttentionMask(left: side, right: side), "freq_base_swa")
      } else {
        local = global
      }
    }

    subscript(layer: Int) -> (core: DenseAttention, positions: RotaryEmbedding) {
      layer.isMultiple(of: period) ? global : local
    }
  }

  private static func block(_ index: Int, _ weights: EncoderWeights, _ layers: Layers) throws -> EncoderBlock {
    let sizes = weights.sizes
    let prefix = "blk.\(index)."
    guard let gate = sizes.activation.gate else {
      throw ModelError.configuration(
        key: "\(sizes.architecture).hidden_activation", problem: "it has no gated form")
    }
    func linear(_ name: String, _ out: Int, _ width: Int) throws -> PackedLinear {
      try weights.linear(prefix + name, out: out, in: width)
    }
    // The embedding's norm stands before the first layer: it has none of its own.
    let normed = index > 0 || weights.reader.checkpoint.tensorIfPresent(prefix + "attn_norm.weight") != nil
    return EncoderBlock(
      query: try linear("attn_q", sizes.width, sizes.width), key: try linear("attn_k", sizes.width, sizes.width),
      value: try linear("attn_v", sizes.width, sizes.width),
      output: try linear("attn_output", sizes.width, sizes.width), core: layers[index].core,
      positions: layers[index].positions, attentionNorm: normed ? try weights.norm(prefix + "attn_norm") : nil,
      mlp: GatedMLP(
        gate: try linear("ffn_gate", sizes.feedForward, sizes.width),
        up: try linear("ffn_up", sizes.feedForward, sizes.width),
        down: try linear("ffn_down", sizes.width, sizes.feedForward), function: gate),
      mlpNorm: try weights.norm(prefix + "ffn_norm"), order: .normsBefore)
  }
}
