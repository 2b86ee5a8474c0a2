// Yang et al.: Qwen2 technical report, 2024 (https://arxiv.org/abs/2407.10671); Qwen3 technical report, 2025
// (https://arxiv.org/abs/2505.09388).

import Formats

extension Architecture {
  /// Qwen 2's blocks with experts beside a layer that all rows pass by a share of their own.
  static let qwen2MoE = Architecture.decoder(
    name: "qwen2moe", huggingFaceTypes: ["qwen2_moe"],
    configuration: { file, options in
      try DecoderConfiguration(file, options: options, pairing: .halves, normalizesExperts: false)
    },
    translate: { folder in
      var result = try QwenMoEFolder.translation(folder, architecture: "qwen2moe")
      let shared = try folder.configuration.int("shared_expert_intermediate_size", in: 0...1 << 20)
      result.set("qwen2moe.expert_shared_feed_forward_length", shared)
      try HuggingFaceDecoder(folder.configuration, architecture: "qwen2moe").mapShared(&result, "mlp.shared_expert")
      result.map("model.layers.{n}.mlp.shared_expert_gate.weight", to: "blk.{n}.ffn_gate_inp_shexp.weight")
      return result
    })

  /// Qwen 3's blocks with experts whose weights sum to one.
  static let qwen3MoE = Architecture.decoder(
    name: "qwen3moe", huggingFaceTypes: ["qwen3_moe"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, pairing: .halves, normalizesExperts: true)
      result.normsHeads = true
      return result
    },
    translate: { folder in
      var result = try QwenMoEFolder.translation(folder, architecture: "qwen3moe")
      let block = "model.layers.{n}.self_attn."
      result.map(block + "q_norm.weight", to: "blk.{n}.attn_q_norm.weight")
      result.map(block + "k_norm.weight", to: "blk.{n}.attn_k_norm.weight")
      return result
    })
}

/// How Hugging Face's folders say what GGUF files of Qwen's models with experts say.
enum QwenMoEFolder {
  static func translation(_ folder: HuggingFaceFolder, architecture: String) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let decoder = try HuggingFaceDecoder(config, architecture: architecture)
    var result = try decoder.translation(experts: decoder.experts("num_experts", "num_local_experts"))
    try decoder.setEpsilon("rms_norm_eps", &result)
    try decoder.setRotation(&result)
    try decoder.setExperts(&result)
    result.set(
      decoder.key("expert_feed_forward_length"), try config.int("moe_intermediate_size", in: 1...1 << 20))
    if let sums = try config.boolIfPresent("norm_topk_prob") {
      result.set(decoder.key("expert_weights_norm"), .bool(sums))
    }
    _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
    try decoder.setWindowOfLaterLayers(&result)
    try decoder.mapWeights(&result, tied: false)
    decoder.mapQueriesAndKeys(&result, neighbours: false)
    // Layers without experts have no router, and ordinary weights.
    decoder.mapExperts(&result, router: "mlp.gate", experts: "mlp.experts")
    return result
  }
}
