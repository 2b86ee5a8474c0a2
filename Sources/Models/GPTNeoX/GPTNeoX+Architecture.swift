// Black et al.: GPT-NeoX-20B: an open-source autoregressive language model, 2022 (https://arxiv.org/abs/2204.06745).

import Formats
import Layers

extension Architecture {
  /// GPT-NeoX and Pythia: layer norms, both layers of a block in parallel, a part of each head turning, biases everywhere.
  static let gptNeoX = Architecture.decoder(
    name: "gptneox", huggingFaceTypes: ["gpt_neox"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, norm: .layer, pairing: .halves)
      result.mlp = .plain(try Activation(file, otherwise: .gelu))
      result.isParallel = try file.boolIfPresent("gptneox.use_parallel_residual") ?? true
      return result
    },
    translate: translateGPTNeoX)

  /// There q, k and v of a head lie one behind the other, in GGUF files all of q come first.
  private static func translateGPTNeoX(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let decoder = try HuggingFaceDecoder(config, architecture: "gptneox")
    var result = try decoder.translation()
    try decoder.setEpsilon("layer_norm_eps", layerNorm: true, &result)
    let base = try config.doubleIfPresent("rotary_emb_base", in: 1...1e12) ?? 10_000
    try decoder.setRotation(&result, shareKey: "rotary_pct", share: 0.25, base: base)
    result.set("gptneox.use_parallel_residual", .bool(try config.boolIfPresent("use_parallel_residual") ?? true))
    result.set("gptneox.hidden_activation", .string(try config.stringIfPresent("hidden_act") ?? "gelu"))

    let (heads, d) = (decoder.heads, decoder.headDim)
    let order = (0..<3).flatMap { part in
      (0..<heads).flatMap { head in (0..<d).map { (head * 3 + part) * d + $0 } }
    }
    let root = "gpt_neox."
    result.map(root + "embed_in.weight", to: "token_embd.weight")
    let isTied = try config.boolIfPresent("tie_word_embeddings") ?? false
    if !isTied { result.map("embed_out.weight", to: "output.weight") }
    for part in ["weight", "bias"] {
      result.map(root + "final_layer_norm.\(part)", to: "output_norm.\(part)")
      let block = root + "layers.{n}."
      for (source, name) in [
        ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"),
        ("attention.dense", "attn_output"), ("mlp.dense_h_to_4h", "ffn_up"), ("mlp.dense_4h_to_h", "ffn_down"),
      ] {
        result.map(block + "\(source).\(part)", to: "blk.{n}.\(name).\(part)")
      }
      result.map(block + "attention.query_key_value.\(part)", to: "blk.{n}.attn_qkv.\(part)", .rows(order))
    }
    return result
  }
}
