// Abdin et al.: Phi-3 technical report, 2024 (https://arxiv.org/abs/2404.14219).

import Formats

extension Architecture {
  /// Phi 3 and 4: Llama's blocks with q, k, v in one matrix and gate and up in another; heads turn halves, the long-context
  /// ones by LongRoPE. Of its two lists of factors the one for the context length that a model is opened with holds for all
  /// positions.
  static let phi3 = Architecture.decoder(
    name: "phi3", huggingFaceTypes: ["phi3"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, pairing: .halves)
      result.mlp = .gatedTogether(.silu)
      return result
    },
    translate: { folder in
      let decoder = try HuggingFaceDecoder(folder.configuration, architecture: "phi3")
      var result = try decoder.translation()
      try decoder.setEpsilon("rms_norm_eps", &result)
      try decoder.setRotation(&result)
      _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
      try decoder.setWindow(&result)
      try decoder.mapWeights(&result, tied: false)
      let block = "model.layers.{n}."
      result.map(block + "self_attn.qkv_proj.weight", to: "blk.{n}.attn_qkv.weight")
      result.map(block + "mlp.gate_up_proj.weight", to: "blk.{n}.ffn_up.weight")
      return result
    })
}
