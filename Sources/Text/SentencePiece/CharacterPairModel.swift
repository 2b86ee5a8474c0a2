/// Byte-pair encoding of characters, with tokens for the bytes of those that are none: Gemma's, and what the Rust form of
/// Llama 2's tokenizer does.
struct CharacterPairModel: Sendable {
  private let merges: MergeTable
  /// Whether a piece that is a token becomes it, whatever merges lead to: for all, or for line feeds only.
  private let wholeWords: WholeWords
  private let fusesUnknown: Bool
  private let breaksAtMarks: Bool

  enum WholeWords: Sendable {
    case none
    case lineFeeds
    case all
  }

  /// - Parameter fusesUnknown: whether unknown characters side by side are one unknown token.
  init(
    vocabulary: Vocabulary, merges: ByteStrings, wholeWords: WholeWords, fusesUnknown: Bool
  ) throws(TextError) {
    self.merges = try MergeTable(merges, vocabulary: vocabulary)
    self.fusesUnknown = fusesUnknown
    self.wholeWords = wholeWords
    // Unknown tokens fuse across words, too.
    breaksAtMarks = !fusesUnknown && vocabulary.breaksAtMarks
  }

  /// Appends the tokens of a piece of text.
  func append(_ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, to tokens: inout [TokenID]) {
    vocabulary.withParts(of: text) { text, bytes, lookup in
      if wholeWords == .all || wholeWords == .lineFeeds && text.allSatisfy({ $0 == 0x0A }) {
        let id = lookup.find(bytes, count: text.count)
        if id >= 0 { return tokens.append(TokenID(truncatingIfNeeded: id)) }
      }
      let unknown = vocabulary.special.unknown.map { TokenID(truncatingIfNeeded: $0) }
      var isAfterUnknown = false
      var encoder = SymbolEncoder(lookup: lookup, source: Pairs(merges: merges), text: bytes, count: text.count)
      encoder.encode(breaksAtMarks: breaksAtMarks, to: &tokens) {
        LenientUTF8.scalar(bytes + $0, count: text.count - $0)?.length ?? 1
      } emit: { start, end, token, tokens in
        let first = tokens.count
        if token != MergeTable.noToken {
          tokens.append(TokenID(truncatingIfNeeded: token))
        } else {
          vocabulary.appendFallback(text[start..<end], to: &tokens)
        }
        let isUnknown = token == MergeTable.noToken && tokens.count == first + 1 && tokens.last == unknown
        if isUnknown, isAfterUnknown, fusesUnknown { tokens.removeLast() }
        isAfterUnknown = isUnknown
      }
    }
  }

  private struct Pairs: PairSource {
    let merges: MergeTable

    func pair(_ left: UInt32, _ right: UInt32, start: Int, count: Int) -> (key: UInt32, token: UInt32)? {
      guard left != MergeTable.noToken, right != MergeTable.noToken, let rank = merges.rank(left, right) else {
        return nil
      }
      return (rank, UInt32(truncatingIfNeeded: merges.results[Int(rank)]))
    }
  }
}
