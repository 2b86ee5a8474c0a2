// Jiang et al.: Mixtral of experts, 2024 (https://arxiv.org/abs/2401.04088).

import Formats

extension Architecture {
  /// Mixtral: a Llama whose feed-forward layers have experts, two of which see a row with weights that sum to one. Its GGUF
  /// files say that they are `llama`, and so do its folders once they are translated.
  static let mixtral = Architecture.decoder(
    name: "mixtral", huggingFaceTypes: ["mixtral"],
    configuration: { file, options in
      try DecoderConfiguration(file, options: options, pairing: .neighbours, normalizesExperts: true)
    },
    translate: { folder in
      let decoder = try HuggingFaceDecoder(folder.configuration, architecture: "llama")
      var result = try decoder.translation(experts: decoder.experts("num_local_experts"))
      try decoder.setEpsilon("rms_norm_eps", &result)
      try decoder.setRotation(&result)
      try decoder.setWindow(&result)
      try decoder.setExperts(&result)
      _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
      try decoder.mapWeights(&result, tied: false)
      decoder.mapQueriesAndKeys(&result, neighbours: true)
      decoder.mapExperts(
        &result, router: "block_sparse_moe.gate", experts: "block_sparse_moe.experts", gate: "w1", up: "w3", down: "w2")
      return result
    })
}
