import Formats

/// How Hugging Face's folders of the Llama family say what GGUF files say.
///
/// There q and k turn the halves of a head, in GGUF files of this family neighbours: their rows are put in that order.
enum LlamaFolder {
  static func translation(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let decoder = try HuggingFaceDecoder(folder.configuration, architecture: "llama")
    var result = try decoder.translation()
    try decoder.setEpsilon("rms_norm_eps", &result)
    try decoder.setRotation(&result)
    _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
    try decoder.mapWeights(&result, tied: false)
    decoder.mapQueriesAndKeys(&result, neighbours: true)
    return result
  }
}
