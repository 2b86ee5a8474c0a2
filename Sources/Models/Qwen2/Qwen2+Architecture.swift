// Yang et al.: Qwen2 technical report, 2024 (https://arxiv.org/abs/2407.10671).

import Formats

extension Architecture {
  /// Qwen 2 and 2.5: Llama's blocks with biases on queries, keys and values; heads turn halves.
  static let qwen2 = Architecture.decoder(
    name: "qwen2", huggingFaceTypes: ["qwen2"],
    configuration: { file, options in try DecoderConfiguration(file, options: options, pairing: .halves) },
    translate: Qwen2Folder.translation)
}

/// How Hugging Face's folders say what GGUF files of Qwen 2 and 3 say.
enum Qwen2Folder {
  static func translation(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    try translation(folder, architecture: "qwen2")
  }

  static func translation(_ folder: HuggingFaceFolder, architecture: String) throws -> HuggingFaceTranslation {
    let decoder = try HuggingFaceDecoder(folder.configuration, architecture: architecture)
    var result = try decoder.translation()
    try decoder.setEpsilon("rms_norm_eps", &result)
    try decoder.setRotation(&result)
    _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
    try decoder.setWindowOfLaterLayers(&result)
    try decoder.mapWeights(&result, tied: false)
    decoder.mapQueriesAndKeys(&result, neighbours: false)
    return result
  }
}
