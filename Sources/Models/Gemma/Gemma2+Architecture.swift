// Gemma Team: Gemma 2: improving open language models at a practical size, 2024 (https://arxiv.org/abs/2408.00118).

import Formats

extension Architecture {
  /// Gemma 2: norms before and behind each layer, every second layer with a window, limits on scores and logits, embeddings
  /// scaled by √width.
  static let gemma2 = Architecture.decoder(
    name: "gemma2", huggingFaceTypes: ["gemma2"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, pairing: .halves, windowPattern: 2)
      try result.becomeGemma(file, largestLayers: 46)
      result.scoreLimit = try file.floatIfPresent("gemma2.attn_logit_softcapping", in: 1e-3...1e6)
      result.logitLimit = try file.floatIfPresent("gemma2.final_logit_softcapping", in: 1e-3...1e6)
      return result
    },
    translate: { folder in
      let config = folder.configuration
      let decoder = try HuggingFaceDecoder(config, architecture: "gemma2", headDim: 256)
      var result = try GemmaFolder.translation(decoder, root: "model.", pattern: 2)
      try decoder.setRotation(&result)
      for name in ["attn_logit_softcapping", "final_logit_softcapping"] {
        if let limit = try config.doubleIfPresent(name, in: 1e-3...1e6) { result.set("gemma2.\(name)", limit) }
      }
      return result
    })
}

extension DecoderConfiguration {
  /// What all Gemmas have in common. The largest size of a family takes its scores' scale from width ÷ heads; files that
  /// say a scale, which llama.cpp's converter leaves out, are taken by it.
  mutating func becomeGemma(_ file: Checkpoint, largestLayers: Int) throws {
    mlp = .gated(.geluTanh)
    normsOutputs = true
    embeddingScale = Float(width).squareRoot()
    let divisor = layers == largestLayers ? Float(width) / Float(heads) : Float(headDim)
    scoreScale = try file.floatIfPresent("\(architecture).attention.scale", in: 1e-6...1e6) ?? 1 / divisor.squareRoot()
  }
}
