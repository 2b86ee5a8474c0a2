import Formats

extension Architecture {
  /// ModernBERT.
  static let modernBert = Architecture(
    encoder: ModernBert.architecture, huggingFaceTypes: ["modernbert"],
    memoryNeed: { checkpoint, options, _ in
      try EncoderSizes(checkpoint, architecture: ModernBert.architecture, options: options)
        .memoryNeed(checkpoint, options: options)
    }, load: ModernBert.load, translate: translateModernBert)

  private static func translateModernBert(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let name = ModernBert.architecture
    let layers = try config.int("num_hidden_layers", in: 1...1024)
    let width = try config.int("hidden_size", in: 1...1 << 17)
    let feedForward = try config.int("intermediate_size", in: 1...1 << 20)
    var result = HuggingFaceTranslation(architecture: name, layers: layers)
    result.set("\(name).block_count", layers)
    result.set("\(name).embedding_length", width)
    result.set("\(name).attention.head_count", try config.int("num_attention_heads", in: 1...1024))
    result.set("\(name).feed_forward_length", feedForward)
    result.set("\(name).context_length", try config.int("max_position_embeddings", in: 1...1 << 24))
    result.set("\(name).attention.layer_norm_epsilon", try config.double("norm_eps", in: 0...1))
    result.set("\(name).hidden_activation", .string(try config.stringIfPresent("hidden_activation") ?? "gelu"))
    result.set("\(name).attention.sliding_window", try config.int("local_attention", in: 1...1 << 24))
    let period = try config.intIfPresent("global_attn_every_n_layers", in: 1...1024) ?? 3
    result.set("\(name).attention.sliding_window_pattern", period)
    // Newer files have both bases in one object, by the kind of layer.
    let bases = try config.objectIfPresent("rope_parameters")
    func base(_ key: String, _ kind: String, _ usual: Double) throws -> Double {
      if let value = try bases?.objectIfPresent(kind)?.doubleIfPresent("rope_theta", in: 1...1e12) { return value }
      return try config.doubleIfPresent(key, in: 1...1e12) ?? usual
    }
    result.set("\(name).rope.freq_base", try base("global_rope_theta", "full_attention", 160_000))
    result.set("\(name).rope.freq_base_swa", try base("local_rope_theta", "sliding_attention", 10_000))
    try SentenceFolder(folder).set(&result, architecture: name)
    for prefix in ["", "model."] {
      func both(_ source: String, _ target: String) {
        for part in ["weight", "bias"] { result.map("\(source).\(part)", to: "\(target).\(part)") }
      }
      result.map(prefix + "embeddings.tok_embeddings.weight", to: "token_embd.weight")
      both(prefix + "embeddings.norm", "token_embd_norm")
      both(prefix + "final_norm", "output_norm")
      let layer = prefix + "layers.{n}."
      both(layer + "attn_norm", "blk.{n}.attn_norm")
      both(layer + "mlp_norm", "blk.{n}.ffn_norm")
      both(layer + "attn.Wo", "blk.{n}.attn_output")
      both(layer + "mlp.Wo", "blk.{n}.ffn_down")
      // Fused matrices: q, k and v; what is gated and what gates it.
      for part in ["weight", "bias"] {
        for (index, target) in ["attn_q", "attn_k", "attn_v"].enumerated() {
          result.map(
            "\(layer)attn.Wqkv.\(part)", to: "blk.{n}.\(target).\(part)", .slice(index * width..<(index + 1) * width))
        }
        for (index, target) in ["ffn_gate", "ffn_up"].enumerated() {
          result.map(
            "\(layer)mlp.Wi.\(part)", to: "blk.{n}.\(target).\(part)",
            .slice(index * feedForward..<(index + 1) * feedForward))
        }
      }
    }
    return result
  }
}
