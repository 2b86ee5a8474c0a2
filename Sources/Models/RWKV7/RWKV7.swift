// Peng et al.: RWKV-7 "Goose" with expressive dynamic state evolution, 2025 (https://arxiv.org/abs/2503.14456).

import Formats
import Layers
import Mixers
import NumericTypes
import Tensors

/// A decoder without attention: x = norm E[tokens]; for each block x += timeMix(norm x), x += channelMix(norm x);
/// logits = H norm(x).
struct RWKV7: DecoderNetwork {
  struct Block {
    let timeNorm: LayerNorm
    let time: TimeMix
    let channelNorm: LayerNorm
    let channel: ChannelMix
  }

  let embedding: TokenEmbedding
  let embeddingNorm: LayerNorm
  let blocks: [Block]
  let norm: LayerNorm
  let head: any LinearCore
  let layout: RecurrentState.Layout

  /// Builds the network over a checkpoint's tensors.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Tensors/TensorError``, naming the key or tensor.
  init(
    _ checkpoint: Checkpoint, configuration c: RWKV7Configuration, vocabularySize: Int, compute: ComputeMode,
    context: Context
  ) throws {
    let weights = WeightReader(checkpoint: checkpoint, compute: compute, context: context)
    let layout = try c.layout
    func norm(_ name: String) throws -> LayerNorm {
      LayerNorm(
        weight: try weights.vector(name + ".weight", c.width), bias: try weights.vector(name + ".bias", c.width),
        epsilon: c.epsilon)
    }
    blocks = try (0..<c.layers).map { index in
      let prefix = "blk.\(index)."
      return Block(
        timeNorm: try norm(prefix + "attn_norm"),
        time: TimeMix(
          try Self.timeMix(prefix, isFirst: index == 0, c, weights), heads: c.heads, headDim: c.headDim,
          epsilon: c.epsilon, layout: layout),
        channelNorm: try norm(prefix + "attn_norm_2"),
        channel: ChannelMix(
          shift: try weights.flat(prefix + "channel_mix_lerp_k.weight", [1, c.width]),
          key: try weights.linear(prefix + "channel_mix_key.weight", out: c.feedForward, in: c.width),
          value: try weights.linear(
            prefix + "channel_mix_value.weight", out: c.width, in: c.feedForward, precision: .refined)))
    }
    embeddingNorm = try norm("token_embd_norm")
    self.norm = try norm("output_norm")
    embedding = TokenEmbedding(try weights.linear("token_embd.weight", out: vocabularySize, in: c.width).matrix)
    head = try weights.linear("output.weight", out: vocabularySize, in: c.width, precision: .refined)
    self.layout = layout
  }

  private static func timeMix(
    _ prefix: String, isFirst: Bool, _ c: RWKV7Configuration, _ weights: WeightReader
  ) throws -> TimeMix.Weights {
    func square(_ name: String) throws -> PackedLinear {
      try weights.linear(prefix + "time_mix_\(name).weight", out: c.width, in: c.width, precision: .refined)
    }
    func lowRank(_ letter: String, _ rank: Int) throws -> TimeMix.LowRank {
      let name = prefix + "time_mix_" + letter
      return TimeMix.LowRank(
        down: try weights.linear(name + "1.weight", out: rank, in: c.width, precision: .refined),
        up: try weights.linear(name + "2.weight", out: c.width, in: rank, precision: .refined))
    }
    func vector(_ name: String) throws -> Tensor {
      try weights.flat(prefix + "time_mix_\(name)", [c.width])
    }
    return TimeMix.Weights(
      shift: try weights.flat(prefix + "time_mix_lerp_fused.weight", [6, c.width]),
      receptance: try square("receptance"),
      key: try square("key"), value: try square("value"), output: try square("output"),
      decay: try lowRank("w", c.decayRank), rate: try lowRank("a", c.rateRank), gate: try lowRank("g", c.gateRank),
      valueMix: isFirst ? nil : try lowRank("v", c.valueRank), decayBias: try vector("w0.weight"),
      rateBias: try vector("a0.weight"), valueBias: isFirst ? nil : try vector("v0.weight"),
      removal: try vector("k_k.weight"), keyRate: try vector("k_a.weight"), bonus: try vector("r_k.weight"),
      norm: try vector("ln.weight"), normBias: try vector("ln.bias"))
  }

  var vocabularySize: Int { embedding.vocabularySize }
  var positions: [RotaryEmbedding] { [] }

  func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try RecurrentState(layout, capacity: capacity, allocator: context.allocator)
  }

  func owns(_ state: any MixerState) -> Bool { (state as? RecurrentState)?.layout == layout }

  func callAsFunction(_ step: StepPlans.Step, _ context: Context) throws -> Tensor {
    let x = embeddingNorm(embedding(step.tokens, count: step.rows, context), context)
    var firstValues: Tensor?
    for (layer, block) in blocks.enumerated() {
      try context.within("mixer", layer: layer) { () throws(MixerError) in
        try block.time.add(
          block.timeNorm(x, context), to: x, first: &firstValues, layer: layer, batch: step.box, context)
      }
      context.within("mlp", layer: layer) {
        block.channel.add(block.channelNorm(x, context), to: x, layer: layer, batch: step.box, context)
      }
      try step.endLayer()
    }
    let wanted = step.selectLogitRows(of: x, context)
    return context.within("head") { head(LinearInput(norm(wanted, context)), context) }
  }
}
