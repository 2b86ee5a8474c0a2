/// A prefix code of DEFLATE as one table: every sequence of as many bits as the longest code has, to the symbol it begins
/// with.
struct HuffmanTable {
  /// A symbol times 16 plus the length of its code; 0 where no code begins so.
  private(set) var entries: [UInt16] = []
  /// The bits that choose an entry.
  private(set) var mask: UInt64 = 0

  /// The code of these lengths, 15 at most each; 0 for a symbol that does not occur.
  ///
  /// - Parameter mayBeIncomplete: whether a code of one symbol, or of none, will do.
  /// - Returns: nothing when the lengths make no prefix code.
  init?(lengths: ArraySlice<UInt8>, mayBeIncomplete: Bool) {
    var counts = [Int](repeating: 0, count: 16)
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    let longest = counts.lastIndex { $0 > 0 } ?? 0
    if longest == 0 {
      guard mayBeIncomplete else { return nil }
      entries = [0]
      return
    }
    var next = [Int](repeating: 0, count: 16)
    var code = 0
    for length in 1...longest {
      code = (code + counts[length - 1]) << 1
      next[length] = code
      // More codes than there are sequences of bits.
      if code + counts[length] > 1 << length { return nil }
    }
    let isComplete = next[longest] + counts[longest] == 1 << longest
    guard isComplete || (mayBeIncomplete && longest == 1) else { return nil }
    entries = [UInt16](repeating: 0, count: 1 << longest)
    mask = UInt64(1 << longest - 1)
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let length = Int(length)
      // Codes stand in the stream with their first bit lowest.
      var reversed = 0
      for bit in 0..<length where next[length] >> bit & 1 == 1 { reversed |= 1 << (length - 1 - bit) }
      next[length] += 1
      for entry in stride(from: reversed, to: 1 << longest, by: 1 << length) {
        entries[entry] = UInt16(symbol << 4 | length)
      }
    }
  }
}
