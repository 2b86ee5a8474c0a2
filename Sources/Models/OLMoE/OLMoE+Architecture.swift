// Muennighoff et al.: OLMoE: Open mixture-of-experts language models, 2024 (https://arxiv.org/abs/2409.02060).

import Formats

extension Architecture {
  /// OLMoE: Llama's blocks with many small experts; all queries, and all keys, of a token are normed together.
  static let olmoe = Architecture.decoder(
    name: "olmoe", huggingFaceTypes: ["olmoe"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, pairing: .halves, normalizesExperts: false)
      result.normsQueriesAndKeys = true
      return result
    },
    translate: { folder in
      let config = folder.configuration
      let decoder = try HuggingFaceDecoder(config, architecture: "olmoe")
      var result = try decoder.translation(experts: decoder.experts("num_experts", "num_local_experts"))
      try decoder.setEpsilon("rms_norm_eps", &result)
      try decoder.setRotation(&result)
      try decoder.setExperts(&result)
      if let sums = try config.boolIfPresent("norm_topk_prob") {
        result.set(decoder.key("expert_weights_norm"), .bool(sums))
      }
      guard config["clip_qkv"] == nil else { throw config.invalid("clip_qkv", "no limit of queries, keys and values") }
      _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
      try decoder.mapWeights(&result, tied: false)
      decoder.mapQueriesAndKeys(&result, neighbours: false)
      result.map("model.layers.{n}.self_attn.q_norm.weight", to: "blk.{n}.attn_q_norm.weight")
      result.map("model.layers.{n}.self_attn.k_norm.weight", to: "blk.{n}.attn_k_norm.weight")
      decoder.mapExperts(&result, router: "mlp.gate", experts: "mlp.experts")
      return result
    })
}
