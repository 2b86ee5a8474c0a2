extension Vocabulary {
  /// Calls `body` with one part of a text after the other, none longer than ``SymbolMerger/limit``: the part, its bytes with
  /// the zeros behind them that look-ups read, and the vocabulary's look-up.
  func withParts(
    of text: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>, UnsafeMutablePointer<UInt8>, ByteStringIndex.Lookup) -> Void
  ) {
    var start = 0
    while start < text.count {
      let end = min(text.count, start + SymbolMerger.limit)
      let part = UnsafeBufferPointer(rebasing: text[start..<end])
      start = end
      withTexts { lookup in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: part.count + ByteHash.slack) { copy in
          guard let base = part.baseAddress, let bytes = copy.baseAddress else { return }
          bytes.update(from: base, count: part.count)
          (bytes + part.count).initialize(repeating: 0, count: ByteHash.slack)
          body(part, bytes, lookup)
        }
      }
    }
  }
}
