import Formats
import Mixers
import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Architecture {
  /// Mamba-2.
  static let mamba2 = Architecture(
    name: "mamba2", huggingFaceTypes: ["mamba2"],
    memoryNeed: { checkpoint, options, threads in
      try memoryNeed(checkpoint, Mamba2Configuration(checkpoint), options, threads)
    },
    load: { checkpoint, options, context in
      let c = try Mamba2Configuration(checkpoint)
      let need = try memoryNeed(checkpoint, c, options, context.workers.count)
      try need.check(limit: options.memoryLimit)
      let vocabulary = try checkpoint.vocabularySize(width: c.width)
      let network = try Mamba2(
        checkpoint, configuration: c, vocabularySize: vocabulary, compute: options.compute, context: context)
      let description = try ModelDescription(
        checkpoint,
        sizes: ModelDescription.Sizes(
          vocabulary: vocabulary, contextLength: min(options.contextLength ?? c.contextLength, c.contextLength),
          layers: c.layers, width: c.width, heads: c.sizes.heads, kvHeads: c.sizes.groups, headDim: c.sizes.headDim,
          feedForward: 0),
        stateBytesPerToken: 0)
      return Decoder(network, description: description, need: need, context: context)
    },
    translate: mamba2Translation)

  private static func memoryNeed(
    _ checkpoint: Checkpoint, _ c: Mamba2Configuration, _ options: LoadOptions, _ threads: Int
  ) throws -> MemoryNeed {
    let s = c.sizes
    // What the widest moment of a layer holds for a row: the stream and its norm, gate, input and steps, both results of
    // the convolution, and the recurrence's.
    let row = 2 * c.width + 3 * s.inner + 3 * s.channels + s.heads
    return try RecurrentNeed(
      checkpoint, width: c.width, state: c.layout, rowValues: row, widest: max(c.width, s.inner), options: options,
      threads: threads
    ).memoryNeed
  }

  private static func mamba2Translation(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let layers = try config.int("num_hidden_layers", in: 1...1024)
    let width = try config.int("hidden_size", in: 1...1 << 17)
    let heads = try config.int("num_heads", in: 1...4096)
    let headDim = try config.int("head_dim", in: 1...4096)
    if try config.boolIfPresent("use_bias") == true { throw config.invalid("use_bias", "false") }
    if let activation = try config.stringIfPresent("hidden_act"), activation != "silu" {
      throw config.invalid("hidden_act", "silu")
    }
    var result = HuggingFaceTranslation(architecture: "mamba2", layers: layers)
    result.set("mamba2.block_count", layers)
    result.set("mamba2.embedding_length", width)
    result.set("mamba2.ssm.inner_size", heads * headDim)
    result.set("mamba2.ssm.time_step_rank", heads)
    let groups = try config.intIfPresent("n_groups", in: 1...4096) ?? 8
    result.set("mamba2.ssm.group_count", groups)
    result.set("mamba2.ssm.state_size", try config.int("state_size", in: 1...4096))
    result.set("mamba2.ssm.conv_kernel", try config.int("conv_kernel", in: 2...16))
    // The state has no length; the conversion of llama.cpp writes this figure too.
    result.set("mamba2.context_length", 1 << 20)
    result.set("mamba2.attention.layer_norm_rms_epsilon", try config.double("layer_norm_epsilon", in: 0...1))
    result.map("backbone.embeddings.weight", to: "token_embd.weight")
    result.map("backbone.norm_f.weight", to: "output_norm.weight")
    if try config.boolIfPresent("tie_word_embeddings") == false { result.map("lm_head.weight", to: "output.weight") }
    let (block, mixer) = ("backbone.layers.{n}.", "backbone.layers.{n}.mixer.")
    result.map(block + "norm.weight", to: "blk.{n}.attn_norm.weight")
    result.map(mixer + "in_proj.weight", to: "blk.{n}.ssm_in.weight")
    result.map(
      mixer + "conv1d.weight", to: "blk.{n}.ssm_conv1d.weight",
      .reshaped { $0.rank == 3 && $0[1] == 1 ? [$0[0], $0[2]] : $0 })
    result.map(mixer + "conv1d.bias", to: "blk.{n}.ssm_conv1d.bias")
    result.map(mixer + "dt_bias", to: "blk.{n}.ssm_dt.bias")
    result.map(
      mixer + "A_log", to: "blk.{n}.ssm_a", .mapped { -exp($0) }, .reshaped { [$0.count, 1] })
    result.map(mixer + "D", to: "blk.{n}.ssm_d", .reshaped { [$0.count, 1] })
    result.map(
      mixer + "norm.weight", to: "blk.{n}.ssm_norm.weight",
      .reshaped { $0.count.isMultiple(of: groups) ? [groups, $0.count / groups] : $0 })
    result.map(mixer + "out_proj.weight", to: "blk.{n}.ssm_out.weight")
    return result
  }
}
