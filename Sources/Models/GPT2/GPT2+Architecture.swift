// Radford et al.: Language models are unsupervised multitask learners, 2019.

import Formats
import Layers

extension Architecture {
  /// GPT-2: layer norms, learned positions, q, k, v in one matrix, a feed-forward layer of two matrices, biases everywhere.
  static let gpt2 = Architecture.decoder(
    name: "gpt2", huggingFaceTypes: ["gpt2"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, norm: .layer, pairing: nil)
      result.mlp = .plain(try Activation(file, otherwise: .geluTanh))
      return result
    },
    translate: translateGPT2)

  /// There matrices lie the other way round, [in, out].
  private static func translateGPT2(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let layers = try config.int("n_layer", in: 1...1024)
    let width = try config.int("n_embd", in: 1...1 << 17)
    var result = HuggingFaceTranslation(architecture: "gpt2", layers: layers)
    result.set("gpt2.block_count", layers)
    result.set("gpt2.embedding_length", width)
    result.set("gpt2.attention.head_count", try config.int("n_head", in: 1...1024))
    result.set("gpt2.feed_forward_length", try config.intIfPresent("n_inner", in: 1...1 << 20) ?? 4 * width)
    let positions = config["n_positions"] == nil ? "n_ctx" : "n_positions"
    result.set("gpt2.context_length", try config.int(positions, in: 1...1 << 24))
    result.set(
      "gpt2.attention.layer_norm_epsilon", try config.doubleIfPresent("layer_norm_epsilon", in: 0...1) ?? 1e-5)
    result.set(
      "gpt2.hidden_activation", .string(try config.stringIfPresent("activation_function") ?? "gelu_new"))
    for (key, value) in [("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false)] {
      if let found = try config.boolIfPresent(key), found != value { throw config.invalid(key, "\(value)") }
    }

    // Published files leave the outer name away.
    let root = folder.tensors["transformer.wte.weight"] == nil ? "" : "transformer."
    result.map(root + "wte.weight", to: "token_embd.weight")
    result.map(root + "wpe.weight", to: "position_embd.weight")
    if try config.boolIfPresent("tie_word_embeddings") == false { result.map("lm_head.weight", to: "output.weight") }
    for part in ["weight", "bias"] {
      result.map(root + "ln_f.\(part)", to: "output_norm.\(part)")
      for (source, name) in [("ln_1", "attn_norm"), ("ln_2", "ffn_norm")] {
        result.map(root + "h.{n}.\(source).\(part)", to: "blk.{n}.\(name).\(part)")
      }
    }
    for (source, name) in [
      ("attn.c_attn", "attn_qkv"), ("attn.c_proj", "attn_output"), ("mlp.c_fc", "ffn_up"), ("mlp.c_proj", "ffn_down"),
    ] {
      result.map(root + "h.{n}.\(source).weight", to: "blk.{n}.\(name).weight", .transposed)
      result.map(root + "h.{n}.\(source).bias", to: "blk.{n}.\(name).bias")
    }
    return result
  }
}
