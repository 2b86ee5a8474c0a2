import Formats

extension Architecture {
  /// BERT, and sentence encoders built on it.
  static let bert = Architecture(
    encoder: "bert", huggingFaceTypes: ["bert"],
    memoryNeed: { checkpoint, options, _ in
      try EncoderSizes(checkpoint, architecture: "bert", options: options).memoryNeed(checkpoint, options: options)
    }, load: Bert.load, translate: translateBert)

  private static func translateBert(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let layers = try config.int("num_hidden_layers", in: 1...1024)
    var result = HuggingFaceTranslation(architecture: "bert", layers: layers)
    result.set("bert.block_count", layers)
    result.set("bert.embedding_length", try config.int("hidden_size", in: 1...1 << 17))
    result.set("bert.attention.head_count", try config.int("num_attention_heads", in: 1...1024))
    result.set("bert.feed_forward_length", try config.int("intermediate_size", in: 1...1 << 20))
    result.set("bert.context_length", try config.int("max_position_embeddings", in: 1...1 << 24))
    result.set("bert.attention.layer_norm_epsilon", try config.double("layer_norm_eps", in: 0...1))
    result.set("bert.hidden_activation", .string(try config.stringIfPresent("hidden_act") ?? "gelu"))
    if let kind = try config.stringIfPresent("position_embedding_type"), kind != "absolute" {
      throw config.invalid("position_embedding_type", "absolute")
    }
    try SentenceFolder(folder).set(&result, architecture: "bert")
    // The model alone, or under a head for another task; norms had other names at first.
    for prefix in ["", "bert."] {
      func norm(_ source: String, _ name: String) {
        for (weight, bias) in [("weight", "bias"), ("gamma", "beta")] {
          result.map("\(source).\(weight)", to: "\(name).weight")
          result.map("\(source).\(bias)", to: "\(name).bias")
        }
      }
      func linear(_ source: String, _ name: String) {
        result.map("\(source).weight", to: "\(name).weight")
        result.map("\(source).bias", to: "\(name).bias")
      }
      let embeddings = prefix + "embeddings."
      result.map(embeddings + "word_embeddings.weight", to: "token_embd.weight")
      result.map(embeddings + "position_embeddings.weight", to: "position_embd.weight")
      result.map(embeddings + "token_type_embeddings.weight", to: "token_types.weight")
      norm(embeddings + "LayerNorm", "token_embd_norm")
      let layer = prefix + "encoder.layer.{n}."
      linear(layer + "attention.self.query", "blk.{n}.attn_q")
      linear(layer + "attention.self.key", "blk.{n}.attn_k")
      linear(layer + "attention.self.value", "blk.{n}.attn_v")
      linear(layer + "attention.output.dense", "blk.{n}.attn_output")
      norm(layer + "attention.output.LayerNorm", "blk.{n}.attn_output_norm")
      linear(layer + "intermediate.dense", "blk.{n}.ffn_up")
      linear(layer + "output.dense", "blk.{n}.ffn_down")
      norm(layer + "output.LayerNorm", "blk.{n}.layer_output_norm")
    }
    return result
  }
}
