import Text

/// The default model's vocabulary, from the fixture that holds it without the weights.
struct SmolLM2: Sendable {
  let tokens: ByteStrings
  let types: [Int32]
  let merges: ByteStrings
  let tokenizer: Tokenizer

  static let shared = Result { try SmolLM2() }

  static func tokenizer() throws -> Tokenizer {
    try shared.get().tokenizer
  }

  private init() throws {
    var file = try Golden("tokenizer/vocabulary.bin")
    let count = Int(try file.number(bytes: 4))
    types = try file.take(count).map { Int32($0) }
    var offsets: [UInt32] = [0]
    for length in try file.take(count) { offsets.append((offsets.last ?? 0) + UInt32(length)) }
    tokens = try ByteStrings(bytes: try file.take(Int(offsets.last ?? 0)), offsets: offsets)
    let mergeCount = Int(try file.number(bytes: 4))
    let first = Int(try file.number(bytes: 4))
    var text: [UInt8] = []
    var ends: [UInt32] = [0]
    for (rank, split) in try file.take(mergeCount).enumerated() {
      let token = tokens[first + rank]
      text += token.prefix(Int(split)) + [0x20] + token.dropFirst(Int(split))
      ends.append(UInt32(text.count))
    }
    merges = try ByteStrings(bytes: text, offsets: ends)
    let vocabulary = try Vocabulary(
      byteLevelTokens: tokens, types: types, special: SpecialTokens(beginning: 1, end: 2, unknown: 0, padding: 2))
    tokenizer = try Tokenizer(vocabulary: vocabulary, merges: merges, preTokenizer: "smollm")
  }
}
