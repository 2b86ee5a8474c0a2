import Formats
import Text

/// Reads `tokenizer.json` with what `tokenizer_config.json` and `special_tokens_map.json` add to it.
///
/// Only pipelines that are reproduced exactly are taken; whatever else a file asks for is refused by its name.
public struct HuggingFaceTokenizer: Sendable {
  /// What the files come to, in GGUF's terms as far as these reach.
  public let description: TokenizerDescription

  /// Reads the files' values.
  ///
  /// - Parameters:
  ///   - tokenizer: `tokenizer.json`.
  ///   - configuration: `tokenizer_config.json`, if there is one.
  ///   - specialTokens: `special_tokens_map.json`, if there is one.
  /// - Throws: `FormatError` naming the place in the file.
  public init(tokenizer: JSON, configuration: JSON? = nil, specialTokens: JSON? = nil) throws(FormatError) {
    let root = try JSONPlace(tokenizer, "tokenizer.json").object()
    let model = try root.required("model").object()
    var pipeline = HuggingFacePipeline()
    try pipeline.readNormalizer(root["normalizer"])
    try pipeline.readPreTokenizer(root["pre_tokenizer"])
    try pipeline.readDecoder(root["decoder"])
    var vocabulary = try HuggingFaceVocabulary(model, added: root["added_tokens"])
    try pipeline.readPostProcessor(root["post_processor"], vocabulary)
    for (json, name) in [(configuration, "tokenizer_config.json"), (specialTokens, "special_tokens_map.json")] {
      guard let json else { continue }
      try vocabulary.readRoles(try JSONPlace(json, name).object())
    }
    description = try vocabulary.description(model, pipeline)
  }
}

extension Tokenizer {
  /// The tokenizer of a Hugging Face folder's files.
  ///
  /// - Throws: `FormatError` naming the place in the files.
  public init(tokenizer: JSON, configuration: JSON? = nil, specialTokens: JSON? = nil) throws(FormatError) {
    let description = try HuggingFaceTokenizer(
      tokenizer: tokenizer, configuration: configuration, specialTokens: specialTokens
    ).description
    do throws(TextError) { try self.init(description) } catch {
      throw .inconsistent(field: "tokenizer.json", offset: nil, problem: "\(error)")
    }
  }
}
