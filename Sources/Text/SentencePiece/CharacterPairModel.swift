/// Byte-pair encoding of characters, with tokens for the bytes of those that are none: Gemma's, and what the Rust form of
/// Llama 2's tokenizer does.
struct CharacterPairModel: Sendable {
  private let merges: MergeTable
  /// Whether a piece that is a token becomes it, whatever merges lead to: for all, or for line feeds only.
  private let wholeWords: WholeWords

  enum WholeWords: Sendable {
    case none
    case lineFeeds
    case all
  }

  init(vocabulary: Vocabulary, merges: ByteStrings, wholeWords: WholeWords) throws(TextError) {
    self.merges = try MergeTable(merges, vocabulary: vocabulary)
    self.wholeWords = wholeWords
  }

  /// Appends the tokens of a piece of text.
  func append(_ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, to tokens: inout [TokenID]) {
    var start = 0
    while start < text.count {
      let end = min(text.count, start + SymbolMerger.limit)
      appendPart(UnsafeBufferPointer(rebasing: text[start..<end]), vocabulary, &tokens)
      start = end
    }
  }

  private func appendPart(
    _ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, _ tokens: inout [TokenID]
  ) {
    vocabulary.withTexts { lookup in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count + ByteHash.slack) { copy in
        guard let base = text.baseAddress, let bytes = copy.baseAddress else { return }
        bytes.update(from: base, count: text.count)
        (bytes + text.count).initialize(repeating: 0, count: ByteHash.slack)
        if wholeWords == .all || wholeWords == .lineFeeds && text.allSatisfy({ $0 == 0x0A }) {
          let id = lookup.find(bytes, count: text.count)
          if id >= 0 { return tokens.append(TokenID(truncatingIfNeeded: id)) }
        }
        var merger = SymbolMerger()
        var position = 0
        while position < text.count {
          let length = LenientUTF8.scalar(bytes + position, count: text.count - position)?.length ?? 1
          let id = lookup.find(bytes + position, count: length)
          merger.append(start: position, token: id < 0 ? MergeTable.noToken : UInt32(truncatingIfNeeded: id))
          position += length
        }
        merger.run(Pairs(merges: merges), end: text.count) { start, end, token in
          if token != MergeTable.noToken { return tokens.append(TokenID(truncatingIfNeeded: token)) }
          vocabulary.appendFallback(text[start..<end], to: &tokens)
        }
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
