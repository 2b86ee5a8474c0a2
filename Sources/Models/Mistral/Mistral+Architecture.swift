// Jiang et al.: Mistral 7B, 2023 (https://arxiv.org/abs/2310.06825).

import Formats

extension Architecture {
  /// Mistral: a Llama whose queries see a window of keys. Its GGUF files say that they are `llama`, and so do its folders
  /// once they are translated.
  static let mistral = Architecture.decoder(
    name: "mistral", huggingFaceTypes: ["mistral"],
    configuration: { file, options in try DecoderConfiguration(file, options: options, pairing: .neighbours) },
    translate: { folder in
      var result = try LlamaFolder.translation(folder)
      try HuggingFaceDecoder(folder.configuration, architecture: "llama").setWindow(&result)
      return result
    })
}
