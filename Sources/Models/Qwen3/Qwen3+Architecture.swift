// Yang et al.: Qwen3 technical report, 2025 (https://arxiv.org/abs/2505.09388).

import Formats

extension Architecture {
  /// Qwen 3: Qwen 2's blocks with a norm of each head of queries and keys in the place of biases.
  static let qwen3 = Architecture.decoder(
    name: "qwen3", huggingFaceTypes: ["qwen3"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, pairing: .halves)
      result.normsHeads = true
      return result
    },
    translate: { folder in
      var result = try Qwen2Folder.translation(folder, architecture: "qwen3")
      let block = "model.layers.{n}.self_attn."
      result.map(block + "q_norm.weight", to: "blk.{n}.attn_q_norm.weight")
      result.map(block + "k_norm.weight", to: "blk.{n}.attn_k_norm.weight")
      return result
    })
}
