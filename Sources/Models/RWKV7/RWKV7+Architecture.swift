import Formats
import Mixers
import NumericTypes
import Tensors

extension Architecture {
  /// RWKV-7.
  static let rwkv7 = Architecture(
    name: "rwkv7", huggingFaceTypes: ["rwkv7"],
    memoryNeed: { checkpoint, options, threads in
      try memoryNeed(checkpoint, RWKV7Configuration(checkpoint), options, threads)
    },
    load: { checkpoint, options, context in
      let c = try RWKV7Configuration(checkpoint)
      let need = try memoryNeed(checkpoint, c, options, context.workers.count)
      try need.check(limit: options.memoryLimit)
      let vocabulary = try checkpoint.vocabularySize(width: c.width)
      let network = try RWKV7(
        checkpoint, configuration: c, vocabularySize: vocabulary, compute: options.compute, context: context)
      let description = try ModelDescription(
        checkpoint,
        sizes: ModelDescription.Sizes(
          vocabulary: vocabulary, contextLength: min(options.contextLength ?? c.contextLength, c.contextLength),
          layers: c.layers, width: c.width, heads: c.heads, kvHeads: c.heads, headDim: c.headDim,
          feedForward: c.feedForward),
        stateBytesPerToken: 0)
      return Decoder(network, description: description, need: need, context: context)
    },
    translate: rwkv7Translation)

  private static func memoryNeed(
    _ checkpoint: Checkpoint, _ c: RWKV7Configuration, _ options: LoadOptions, _ threads: Int
  ) throws -> MemoryNeed {
    // What the widest moment holds for a row: the stream and its norm, six mixes, and all that the recurrence reads and
    // writes; or the two forms of the feed-forward layer.
    let ranks = c.decayRank + c.rateRank + c.valueRank + c.gateRank
    let row = max(20 * c.width + 2 * ranks, 3 * c.width + 4 * c.feedForward)
    return try RecurrentNeed(
      checkpoint, width: c.width, state: c.layout, rowValues: row, widest: max(c.width, c.feedForward),
      options: options,
      threads: threads
    ).memoryNeed
  }

  private static func rwkv7Translation(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let layers = try config.int("num_hidden_layers", in: 1...1024)
    var result = HuggingFaceTranslation(architecture: "rwkv7", layers: layers)
    result.set("rwkv7.block_count", layers)
    result.set("rwkv7.embedding_length", try config.int("hidden_size", in: 1...1 << 17))
    result.set("rwkv7.feed_forward_length", try config.int("intermediate_size", in: 1...1 << 20))
    result.set("rwkv7.wkv.head_size", try config.int("head_dim", in: 1...256))
    for (key, name) in [
      ("decay", "decay_low_rank_dim"), ("iclr", "a_low_rank_dim"), ("value_residual_mix", "v_low_rank_dim"),
      ("gate", "gate_low_rank_dim"),
    ] {
      result.set("rwkv7.attention.\(key)_lora_rank", try config.int(name, in: 1...1 << 16))
    }
    result.set("rwkv7.context_length", try config.intIfPresent("max_position_embeddings", in: 1...1 << 24) ?? 1 << 20)
    result.set("rwkv7.attention.layer_norm_epsilon", try config.double("norm_eps", in: 0...1))
    if let activation = try config.stringIfPresent("hidden_act"), activation != "sqrelu" {
      throw config.invalid("hidden_act", "sqrelu")
    }
    if try config.boolIfPresent("tie_word_embeddings") == true { throw config.invalid("tie_word_embeddings", "false") }

    result.map("model.embeddings.weight", to: "token_embd.weight")
    result.map("lm_head.weight", to: "output.weight")
    for part in ["weight", "bias"] {
      result.map("model.layers.0.pre_norm.\(part)", to: "token_embd_norm.\(part)")
      result.map("model.norm.\(part)", to: "output_norm.\(part)")
      result.map("model.layers.{n}.attn_norm.\(part)", to: "blk.{n}.attn_norm.\(part)")
      result.map("model.layers.{n}.ffn_norm.\(part)", to: "blk.{n}.attn_norm_2.\(part)")
      result.map("model.layers.{n}.attn.g_norm.\(part)", to: "blk.{n}.time_mix_ln.\(part)")
    }
    let (time, mixed) = ("model.layers.{n}.attn.", "blk.{n}.time_mix_")
    result.map(
      stacked: ["r", "w", "k", "v", "a", "g"].map { time + "x_" + $0 }, to: mixed + "lerp_fused.weight",
      .reshaped { [6, $0.count / 6] })
    for (letter, name) in [("r", "receptance"), ("k", "key"), ("v", "value"), ("o", "output")] {
      result.map(time + "\(letter)_proj.weight", to: mixed + name + ".weight")
    }
    for letter in ["w", "a", "g", "v"] {
      result.map(time + "\(letter)_lora.lora.0.weight", to: mixed + letter + "1.weight")
      result.map(time + "\(letter)_lora.lora.2.weight", to: mixed + letter + "2.weight")
      result.map(time + "\(letter)_lora.lora.2.bias", to: mixed + letter + "0.weight")
    }
    for name in ["k_k", "k_a", "r_k"] {
      result.map(time + name, to: mixed + name + ".weight", .reshaped { [$0.count] })
    }
    result.map("model.layers.{n}.ffn.x_k", to: "blk.{n}.channel_mix_lerp_k.weight")
    result.map("model.layers.{n}.ffn.key.weight", to: "blk.{n}.channel_mix_key.weight")
    result.map("model.layers.{n}.ffn.value.weight", to: "blk.{n}.channel_mix_value.weight")
    return result
  }
}
