extension BytePairTokenizer {
  /// Splits special tokens out, repairs each stretch between them, and encodes its words.
  func appendTokens(of bytes: UnsafeBufferPointer<UInt8>, parseSpecial: Bool, to tokens: inout [TokenID]) {
    guard !bytes.isEmpty else { return }
    let matches = vocabulary.matcher.matches(in: bytes, parseSpecial: parseSpecial)
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
        withTables { tables in
          var encoder = BytePairEncoder(tables: tables, text: text, count: total, output: output)
          var end = 0
          for (index, stretch) in stretches.enumerated() {
            stretch.repair(into: text + end)
            encoder.encode(end..<end + stretch.count, preTokenizer: preTokenizer)
            end += stretch.count
            if index < matches.count { encoder.append(TokenID(truncatingIfNeeded: matches[index].id)) }
          }
          tokens.append(contentsOf: UnsafeBufferPointer(start: output, count: encoder.count))
        }
      }
    }
  }

  /// Calls `body` with the addresses of all tables, which live for the length of the call.
  private func withTables(_ body: (BytePairTables) -> Void) {
    Vocabulary.withPointers(merges.slots, byteTokens) { slots, byteTokens in
      classes.packed.withUnsafeBufferPointer { classTable in
        merges.results.withUnsafeBufferPointer { results in
          guard let classTable = classTable.baseAddress else { return }
          body(
            BytePairTables(
              slots: slots, mask: merges.mask, hash: merges.hash, results: results.baseAddress, byteTokens: byteTokens,
              classes: classTable, classLimit: classes.limit))
        }
      }
    }
  }
}
