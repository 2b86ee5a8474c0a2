import Formats
import Text

extension BytePairTokenizer {
  /// The tokenizer that a model file describes.
  ///
  /// - Throws: `FormatError` when its description is missing, malformed or of another kind than byte-level BPE;
  ///   `TextError` when it contradicts itself.
  public init(_ file: GGUFFile) throws {
    let kind = try file.string("tokenizer.ggml.model")
    guard kind == "gpt2" else {
      throw FormatError.unsupported(
        field: "tokenizer.ggml.model", offset: file.entry("tokenizer.ggml.model")?.offset ?? 0, found: kind,
        supported: "gpt2")
    }
    func strings(_ key: String) throws -> ByteStrings {
      let strings = try file.strings(key)
      return try ByteStrings(bytes: strings.bytes, offsets: strings.offsets)
    }
    func id(_ name: String) throws -> Int? { try file.uintIfPresent("tokenizer.ggml.\(name)_token_id") }
    let types = file.entry("tokenizer.ggml.token_type") == nil ? nil : try file.int32s("tokenizer.ggml.token_type")
    let special = SpecialTokens(
      beginning: try id("bos"), end: try id("eos"), endOfTurn: try id("eot"), unknown: try id("unknown"),
      padding: try id("padding"), addsBeginning: try file.boolIfPresent("tokenizer.ggml.add_bos_token") ?? false,
      addsEnd: try file.boolIfPresent("tokenizer.ggml.add_eos_token") ?? false)
    try self.init(
      vocabulary: Vocabulary(byteLevelTokens: strings("tokenizer.ggml.tokens"), types: types, special: special),
      merges: strings("tokenizer.ggml.merges"),
      preTokenizer: file.stringIfPresent("tokenizer.ggml.pre") ?? "default")
  }
}
