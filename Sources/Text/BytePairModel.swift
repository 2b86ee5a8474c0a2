/// Byte-level byte-pair encoding: in each word the neighbouring pair with the lowest merge rank becomes one token until no
/// pair has a merge.
/// Paper: Sennrich, Haddow, Birch, *Neural Machine Translation of Rare Words with Subword Units*, 2016.
struct BytePairModel: Sendable {
  let preTokenizer: PreTokenizer
  let merges: MergeTable
  private let classes = UnicodeClasses.shared

  init(vocabulary: Vocabulary, merges: ByteStrings, preTokenizer: PreTokenizer) throws(TextError) {
    self.preTokenizer = preTokenizer
    self.merges = try MergeTable(merges, vocabulary: vocabulary)
  }

  /// Appends the tokens of the text between special tokens, and these. The bytes need not be UTF-8.
  func append(
    _ bytes: UnsafeBufferPointer<UInt8>, _ matches: [SpecialTokenMatcher.Match], _ vocabulary: Vocabulary,
    to tokens: inout [TokenID]
  ) {
    var stretches: [TextStretch] = []
    var position = 0
    for match in matches {
      stretches.append(TextStretch(bytes, position..<match.start))
      position = match.end
    }
    stretches.append(TextStretch(bytes, position..<bytes.count))
    let total = stretches.reduce(0) { $0 + $1.count }
    // At most one token per byte, so that the output never has to grow.
    withUnsafeTemporaryAllocation(of: TokenID.self, capacity: total + matches.count) { output in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: total + ByteHash.slack) { scratch in
        guard let text = scratch.baseAddress, let output = output.baseAddress else { return }
        (text + total).initialize(repeating: 0, count: ByteHash.slack)
        withTables(vocabulary) { tables in
          var encoder = BytePairEncoder(tables: tables, text: text, count: total, output: output)
          var end = 0
          for (index, stretch) in stretches.enumerated() {
            stretch.repair(into: text + end)
            encoder.encode(end..<end + stretch.count, rules: preTokenizer.rules[...])
            end += stretch.count
            if index < matches.count { encoder.append(TokenID(truncatingIfNeeded: matches[index].id)) }
          }
          tokens.append(contentsOf: UnsafeBufferPointer(start: output, count: encoder.count))
        }
      }
    }
  }

  /// Calls `body` with the addresses of all tables, which live for the length of the call.
  private func withTables(_ vocabulary: Vocabulary, _ body: (BytePairTables) -> Void) {
    vocabulary.index.withLookup(block: vocabulary.pieces, starts: vocabulary.starts) { lookup in
      Vocabulary.withPointers(merges.slots, vocabulary.byteTokens) { slots, byteTokens in
        Vocabulary.withPointers(classes.table, vocabulary.types) { classTable, types in
          merges.results.withUnsafeBufferPointer { results in
            body(
              BytePairTables(
                slots: slots, mask: merges.mask, hash: merges.hash, results: results.baseAddress,
                byteTokens: byteTokens, classes: classTable, classLimit: classes.limit,
                words: preTokenizer.takesWholeWords ? lookup : nil, types: types))
          }
        }
      }
    }
  }
}
