/// SentencePiece's byte-pair encoding: of all neighbours that together are a token, those with the best score become it first.
/// Paper: Kudo, Richardson, *SentencePiece: A simple and language independent subword tokenizer*, 2018.
struct SentencePieceModel: Sendable {
  /// For each token its rank by score, smaller for better ones; ``SymbolMerger/noKey`` for those that text cannot become.
  private let keys: [UInt32]
  private let longest: Int
  private let breaksAtMarks: Bool

  init(vocabulary: Vocabulary, scores: [Float]) throws(TextError) {
    guard scores.count == vocabulary.count else {
      throw .tokenScoreCount(scores: scores.count, tokens: vocabulary.count)
    }
    var keys = [UInt32](repeating: SymbolMerger.noKey, count: scores.count)
    var longest = 1
    for (id, score) in scores.enumerated() {
      guard score.isFinite else { throw .invalidTokenScore(id: id, score: "\(score)") }
      guard vocabulary.isOrdinary(id) else { continue }
      longest = max(longest, vocabulary.textLength(id))
      // The order of floats, largest first, as that of integers.
      let bits = (score + 0).bitPattern
      keys[id] = bits & 1 << 31 == 0 ? ~(bits | 1 << 31) : bits
    }
    self.keys = keys
    self.longest = longest
    breaksAtMarks = vocabulary.breaksAtMarks
  }

  /// Appends the tokens of a text in which spaces are U+2581. Bytes that are no UTF-8 are symbols as llama.cpp cuts them.
  func append(_ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, to tokens: inout [TokenID]) {
    vocabulary.withParts(of: text) { text, bytes, lookup in
      let source = Pairs(text: bytes, lookup: lookup, keys: keys, longest: longest)
      var encoder = SymbolEncoder(lookup: lookup, source: source, text: bytes, count: text.count)
      encoder.encode(breaksAtMarks: breaksAtMarks, to: &tokens) {
        Self.width(text[$0])
      } emit: { start, end, token, tokens in
        if token != MergeTable.noToken { return tokens.append(TokenID(truncatingIfNeeded: token)) }
        vocabulary.appendFallback(text[start..<end], to: &tokens)
      }
    }
  }

  /// How many bytes a sequence with this first byte should have.
  private static func width(_ byte: UInt8) -> Int { byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4 }

  private struct Pairs: PairSource {
    let text: UnsafePointer<UInt8>
    let lookup: ByteStringIndex.Lookup
    let keys: [UInt32]
    let longest: Int

    func pair(_ left: UInt32, _ right: UInt32, start: Int, count: Int) -> (key: UInt32, token: UInt32)? {
      guard count <= longest else { return nil }
      let id = lookup.find(text + start, count: count)
      guard id >= 0, keys[id] != SymbolMerger.noKey else { return nil }
      return (keys[id], UInt32(truncatingIfNeeded: id))
    }
  }
}
