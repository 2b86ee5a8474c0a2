import Formats

/// How Hugging Face's folders say what GGUF files of Gemma say.
///
/// There norms have weights to which 1 is added, in GGUF files it is.
enum GemmaFolder {
  /// What Gemma 2 and 3 have in common; every `pattern`-th layer has no window where the folder does not say it.
  static func translation(_ decoder: HuggingFaceDecoder, root: String, pattern: Int) throws -> HuggingFaceTranslation {
    let config = decoder.config
    var result = try decoder.translation()
    result.set(
      decoder.key("attention.layer_norm_rms_epsilon"), try config.doubleIfPresent("rms_norm_eps", in: 0...1) ?? 1e-6)
    let scale = try config.doubleIfPresent("query_pre_attn_scalar", in: 1e-6...1e6) ?? 256
    result.set(decoder.key("attention.scale"), 1 / scale.squareRoot())
    _ = try decoder.activation(
      ["hidden_activation"], known: ["gelu_pytorch_tanh"], otherwise: "gelu_pytorch_tanh")
    let period = try config.intIfPresent("sliding_window_pattern", in: 1...1024) ?? pattern
    try decoder.setWindow(&result, otherwise: (0..<decoder.layers).map { $0 % period < period - 1 })

    result.map(root + "embed_tokens.weight", to: "token_embd.weight")
    result.map(root + "norm.weight", to: "output_norm.weight", plusOne)
    let block = root + "layers.{n}."
    for (source, name) in [
      ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "post_attention_norm"),
      ("pre_feedforward_layernorm", "ffn_norm"), ("post_feedforward_layernorm", "post_ffw_norm"),
      ("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"),
    ] {
      result.map(block + source + ".weight", to: "blk.{n}.\(name).weight", plusOne)
    }
    for (source, name) in [
      ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
      ("self_attn.o_proj", "attn_output"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"),
      ("mlp.down_proj", "ffn_down"),
    ] {
      result.map(block + source + ".weight", to: "blk.{n}.\(name).weight")
    }
    return result
  }

  private static let plusOne = WeightChange.mapped { $0 + 1 }
}
