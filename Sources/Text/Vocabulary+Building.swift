extension Vocabulary {
  static func checkTypes(_ types: [Int32]?, count: Int, bytes: Bool = false) throws(TextError) -> [TokenType] {
    guard let types else { return [TokenType](repeating: .normal, count: count) }
    guard types.count == count else { throw .tokenTypeCount(types: types.count, tokens: count) }
    var kinds = [TokenType](repeating: .normal, count: count)
    for id in 0..<count where types[id] != 1 {
      guard let raw = UInt8(exactly: types[id]), let kind = TokenType(rawValue: raw), bytes || kind != .byte else {
        throw .unknownTokenType(id: id, type: types[id])
      }
      kinds[id] = kind
    }
    return kinds
  }

  /// The bytes that each token stands for: ordinary tokens are decoded from the byte alphabet, the others are their text.
  ///
  /// Command-R's vocabulary has ordinary tokens in plain text, such as emoji. No text becomes one of them: they count as
  /// unused, and stand for their text.
  static func decode(_ tokens: ByteStrings, types: inout [TokenType]) throws(TextError) -> ([UInt8], [UInt32]) {
    var problem: TextError?
    let table = ByteAlphabet.byteOfPoint
    var starts = [UInt32](repeating: 0, count: tokens.count + 1)
    var pieces = [UInt8](repeating: 0, count: tokens.bytes.count + ByteHash.slack)
    var total = 0
    pieces.withUnsafeMutableBufferPointer { pieces in
      tokens.bytes.withUnsafeBufferPointer { bytes in
        table.withUnsafeBufferPointer { table in
          // An empty block has no address, but then its first token is empty and refused.
          guard let output = pieces.baseAddress, let table = table.baseAddress else { return }
          for id in 0..<tokens.count {
            let start = Int(tokens.offsets[id])
            let length = Int(tokens.offsets[id + 1]) - start
            guard length > 0, let text = bytes.baseAddress else {
              problem = .emptyToken(id: id)
              return
            }
            guard length <= tokenBytesLimit else {
              problem = .tokenTooLong(id: id, bytes: length, limit: tokenBytesLimit)
              return
            }
            if types[id] == .normal {
              let written = ByteAlphabet.decode(text + start, count: length, table: table, into: output + total)
              if written >= 0 {
                total += written
                starts[id + 1] = UInt32(truncatingIfNeeded: total)
                continue
              }
              guard isBehindAlphabet(text + start - 1 - written, count: length + 1 + written) else {
                problem = .tokenOutsideByteAlphabet(id: id, offset: -1 - written)
                return
              }
              types[id] = .unused
            }
            (output + total).update(from: text + start, count: length)
            total += length
            starts[id + 1] = UInt32(truncatingIfNeeded: total)
          }
        }
      }
    }
    if let problem { throw problem }
    pieces.removeLast(pieces.count - total - ByteHash.slack)
    for position in total..<pieces.count { pieces[position] = 0 }
    return (pieces, starts)
  }

  /// The token of each byte, for byte-level vocabularies.
  static func singleBytes(_ index: ByteStringIndex, _ pieces: [UInt8], _ starts: [UInt32]) -> [UInt32] {
    index.withLookup(block: pieces, starts: starts) { lookup in
      (UInt8.min...UInt8.max).map { byte -> UInt32 in
        let key: [UInt8] = [byte] + [UInt8](repeating: 0, count: ByteHash.slack)
        let id = key.withUnsafeBufferPointer { key in key.baseAddress.map { lookup.find($0, count: 1) } ?? -1 }
        return id < 0 ? MergeTable.noToken : UInt32(truncatingIfNeeded: id)
      }
    }
  }

  /// Whether well-formed text starts with a character larger than all of the byte alphabet.
  private static func isBehindAlphabet(_ text: UnsafePointer<UInt8>, count: Int) -> Bool {
    guard String(validating: UnsafeBufferPointer(start: text, count: count), as: UTF8.self) != nil else { return false }
    return LenientUTF8.scalar(text, count: count).map { $0.point >= ByteAlphabet.limit } ?? false
  }

  /// Whether a token's text has visible ASCII characters only, which are the same in the byte alphabet.
  static func isVisible(_ tokens: ByteStrings, _ id: Int) -> Bool {
    tokens[id].allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// An ordinary token whose text, still in the byte alphabet, is that of a special token with other characters.
  static func hiddenDuplicate(
    _ tokens: ByteStrings, special: [Int], index: ByteStringIndex, pieces: [UInt8], starts: [UInt32]
  ) -> (Int, Int)? {
    for id in special where !isVisible(tokens, id) {
      let text = Array(tokens[id]) + [UInt8](repeating: 0, count: ByteHash.slack)
      var decoded = [UInt8](repeating: 0, count: text.count)
      let other = decoded.withUnsafeMutableBufferPointer { decoded in
        withPointers(text, ByteAlphabet.byteOfPoint) { text, table -> Int in
          guard let output = decoded.baseAddress else { return -1 }
          let count = ByteAlphabet.decode(text, count: tokens[id].count, table: table, into: output)
          guard count > 0 else { return -1 }
          return index.withLookup(block: pieces, starts: starts) { $0.find(output, count: count) }
        }
      }
      if other >= 0 { return (min(other, id), max(other, id)) }
    }
    return nil
  }

  /// Texts of control tokens that end a document, a turn or a message in the model families that use byte-level vocabularies.
  private static let endTexts: Set<String> = [
    "<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|end_of_text|>", "<|return|>", "<|call|>",
    "<end_of_turn>", "<end_of_utterance>", "</s>", "<EOT>", "[EOT]", "[EOS]", "<｜end▁of▁sentence｜>",
    // Marks of the next file or repository, after which a code model writes another document.
    "<|fim_pad|>", "<|fim_repo|>", "<|repo_name|>", "<reponame>", "<|file_sep|>",
  ]

  static func endTokens(
    _ special: SpecialTokens, _ ids: [Int], _ types: [TokenType], _ matcher: SpecialTokenMatcher
  ) -> [TokenID] {
    var found = Set<Int>()
    if let end = special.end { found.insert(end) }
    if let end = special.endOfTurn { found.insert(end) }
    for text in endTexts {
      if let id = matcher.find(Array(text.utf8)), types[id] == .control { found.insert(id) }
    }
    return found.sorted().map { TokenID(truncatingIfNeeded: $0) }
  }

  /// The addresses of two arrays that are not empty; both live for the length of the call.
  static func withPointers<A, B, R>(
    _ first: [A], _ second: [B], _ body: (UnsafePointer<A>, UnsafePointer<B>) -> R
  ) -> R {
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        guard let a = first.baseAddress, let b = second.baseAddress else {
          preconditionFailure("an empty table: \(first.count) and \(second.count) entries")
        }
        return body(a, b)
      }
    }
  }
}
