import Text

/// A small byte-level vocabulary that a test can spoil.
struct TinyVocabulary {
  /// The characters of the byte alphabet, in the order of their code points.
  static let alphabet: [String] = {
    let visible = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    return (visible + Array(256..<256 + 256 - visible.count)).compactMap { Unicode.Scalar($0).map { String($0) } }
  }()

  var tokens = alphabet + ["ab", "bc", "abc", "Ġa", "<|end|>"]
  /// Whether the vocabulary has a list of types at all.
  var hasTypes = true
  var types: [Int32] = [Int32](repeating: 1, count: 260) + [3]
  var merges = ["a b", "b c", "ab c", "Ġ a"]
  var special = SpecialTokens(end: 260)
  var preTokenizer = "smollm"

  func tokenizer() throws -> Tokenizer {
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: hasTypes ? types : nil, special: special)
    return try Tokenizer(vocabulary: vocabulary, merges: ByteStrings(merges), preTokenizer: preTokenizer)
  }
}
