import Venturi

extension BytePairTokenizer {
  /// The tokenizer that a model file describes.
  ///
  /// - Throws: `FormatError` and `TextError`.
  init(_ file: GGUFFile) throws {
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
    let tokens = try strings("tokenizer.ggml.tokens")
    let types = file.entry("tokenizer.ggml.token_type") == nil ? nil : try file.int32s("tokenizer.ggml.token_type")
    func id(_ name: String) throws -> Int? { try file.uintIfPresent("tokenizer.ggml.\(name)_token_id") }
    let special = SpecialTokens(
      beginning: try id("bos"), end: try id("eos"), endOfTurn: try id("eot"), unknown: try id("unknown"),
      padding: try id("padding"), addsBeginning: try file.boolIfPresent("tokenizer.ggml.add_bos_token") ?? false,
      addsEnd: try file.boolIfPresent("tokenizer.ggml.add_eos_token") ?? false)
    try self.init(
      vocabulary: Vocabulary(byteLevelTokens: tokens, types: types, special: special),
      merges: strings("tokenizer.ggml.merges"),
      preTokenizer: file.stringIfPresent("tokenizer.ggml.pre") ?? "default")
  }
}
