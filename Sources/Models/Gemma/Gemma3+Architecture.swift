// Gemma Team: Gemma 3 technical report, 2025 (https://arxiv.org/abs/2503.19786).

import Formats
import Layers

extension Architecture {
  /// Gemma 3's text model: Gemma 2's blocks with norms of queries and keys in the place of limits, and five layers with a
  /// window, which turn by a base of their own, to one without.
  static let gemma3 = Architecture.decoder(
    name: "gemma3", huggingFaceTypes: ["gemma3_text", "gemma3"],
    configuration: { file, options in
      var result = try DecoderConfiguration(file, options: options, pairing: .halves, windowPattern: 6)
      try result.becomeGemma(file, largestLayers: 62)
      result.normsHeads = true
      result.logitLimit = try file.floatIfPresent("gemma3.final_logit_softcapping", in: 1e-3...1e6)
      var local = result.rotations[0]
      local.base = Double(try file.floatIfPresent("gemma3.rope.freq_base_swa", in: 1...1e12) ?? 10_000)
      local.scaling = .none
      result.rotations.append(local)
      for layer in result.kinds.indices where result.kinds[layer].window != nil { result.kinds[layer].rotation = 1 }
      return result
    },
    translate: translateGemma3)

  private static func translateGemma3(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    // Models that see images too keep what is about text apart.
    let config = try folder.configuration.objectIfPresent("text_config") ?? folder.configuration
    let roots = ["model.", "language_model.model.", "model.language_model."]
    let root = roots.first { folder.tensors[$0 + "embed_tokens.weight"] != nil } ?? roots[0]
    let decoder = try HuggingFaceDecoder(config, architecture: "gemma3", headDim: 256)
    var result = try GemmaFolder.translation(decoder, root: root, pattern: 6)
    try decoder.setRotation(&result, part: "full_attention", base: 1_000_000)
    let parameters = try config.objectIfPresent("rope_parameters")?.objectIfPresent("sliding_attention")
    let local =
      try parameters?.doubleIfPresent("rope_theta", in: 1...1e12)
      ?? config.doubleIfPresent("rope_local_base_freq", in: 1...1e12) ?? 10_000
    result.set("gemma3.rope.freq_base_swa", local)
    if let limit = try config.doubleIfPresent("final_logit_softcapping", in: 1e-3...1e6) {
      result.set("gemma3.final_logit_softcapping", limit)
    }
    guard config["attn_logit_softcapping"] == nil else { throw config.invalid("attn_logit_softcapping", "null") }
    return result
  }
}
