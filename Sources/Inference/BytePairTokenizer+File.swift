import Formats
import Text

extension BytePairTokenizer {
  /// The tokenizer that a model's metadata describe.
  ///
  /// - Throws: `FormatError` when its description is missing, malformed, contradicts itself or is of another kind than
  ///   byte-level BPE.
  public init(_ file: some Metadata) throws(FormatError) {
    let kind = try file.string("tokenizer.ggml.model")
    guard kind == "gpt2" else {
      throw .unsupported(
        field: "tokenizer.ggml.model", offset: file.entry("tokenizer.ggml.model")?.offset ?? 0, found: kind,
        supported: "gpt2")
    }
    func id(_ name: String) throws(FormatError) -> Int? {
      try file.uintIfPresent("tokenizer.ggml.\(name)_token_id")
    }
    let tokens = try file.strings("tokenizer.ggml.tokens")
    let types = file.entry("tokenizer.ggml.token_type") == nil ? nil : try file.int32s("tokenizer.ggml.token_type")
    let merges = try file.strings("tokenizer.ggml.merges")
    let special = SpecialTokens(
      beginning: try id("bos"), end: try id("eos"), endOfTurn: try id("eot"), unknown: try id("unknown"),
      padding: try id("padding"), addsBeginning: try file.boolIfPresent("tokenizer.ggml.add_bos_token") ?? false,
      addsEnd: try file.boolIfPresent("tokenizer.ggml.add_eos_token") ?? false)
    let preTokenizer = try file.stringIfPresent("tokenizer.ggml.pre") ?? "default"
    do throws(TextError) {
      try self.init(
        vocabulary: Vocabulary(
          byteLevelTokens: ByteStrings(bytes: tokens.bytes, offsets: tokens.offsets), types: types, special: special),
        merges: ByteStrings(bytes: merges.bytes, offsets: merges.offsets), preTokenizer: preTokenizer)
    } catch {
      throw file.inconsistent(error.key, error)
    }
  }
}

extension ChatTemplate {
  /// The chat template of a model; nothing when the file has none.
  ///
  /// - Throws: `FormatError` when it is no text, or none that the engine renders exactly.
  public init?(_ file: some Metadata) throws(FormatError) {
    guard let text = try file.stringIfPresent("tokenizer.chat_template") else { return nil }
    do throws(TextError) { try self.init(recognising: text) } catch {
      throw file.inconsistent("tokenizer.chat_template", error)
    }
  }
}

extension Metadata {
  /// What the text library says of a value, with the key and the place in the file.
  fileprivate func inconsistent(_ key: String, _ error: TextError) -> FormatError {
    .inconsistent(field: key, offset: entry(key)?.offset, problem: "\(error)")
  }
}

extension TextError {
  /// The metadata key whose value is wrong.
  fileprivate var key: String {
    let roles = [
      "beginning": "bos", "end": "eos", "end-of-turn": "eot", "unknown": "unknown", "padding": "padding",
    ]
    let name =
      switch self {
      case .tokenTypeCount, .unknownTokenType: "token_type"
      case .specialTokenOutOfRange(let role, _, _): "\(roles[role] ?? role)_token_id"
      case .specialTokenMissing(let role): "add_\(roles[role] ?? role)_token"
      case .tooManyMerges, .malformedMerge, .mergePartNotInVocabulary, .mergeResultNotInVocabulary: "merges"
      case .unsupportedPreTokenizer: "pre"
      default: "tokens"
      }
    return "tokenizer.ggml.\(name)"
  }
}
