/// Turns the text of a merge, "left right" in the byte alphabet or in plain text, into three tokens.
struct MergeParser {
  /// What a merge turns out to be.
  enum Outcome {
    case sound
    case malformed
    case unknownLeft
    case unknownRight
    case unknownResult
  }

  /// The left token of the last sound merge.
  private(set) var left = 0
  /// Its right token.
  private(set) var right = 0
  /// The token that it makes.
  private(set) var result = 0

  private let lookup: ByteStringIndex.Lookup
  private let count: Int
  private let isByteLevel: Bool
  private let table = ByteAlphabet.byteOfPoint
  private var scratch: [UInt8] = []
  /// The distance of a merge's result from its rank, where the results stand in the vocabulary in the order of the merges,
  /// as they nearly always do: one comparison then replaces a search.
  private var shift = 0

  /// `count` is the number of tokens.
  init(lookup: ByteStringIndex.Lookup, count: Int, isByteLevel: Bool) {
    self.isByteLevel = isByteLevel
    self.lookup = lookup
    self.count = count
  }

  /// Reads one merge.
  mutating func parse(_ merges: ByteStrings, _ index: Int) -> Outcome {
    let start = Int(merges.offsets[index])
    let length = Int(merges.offsets[index + 1]) - start
    guard length >= 3 else { return .malformed }
    if scratch.count < length + ByteHash.slack {
      scratch = [UInt8](repeating: 0, count: 2 * (length + ByteHash.slack))
    }
    let (lookup, guess, isByteLevel) = (lookup, index + shift, isByteLevel)
    func decode(
      _ text: UnsafePointer<UInt8>, _ count: Int, _ table: UnsafePointer<UInt16>, _ output: UnsafeMutablePointer<UInt8>
    ) -> Int {
      if isByteLevel { return ByteAlphabet.decode(text, count: count, table: table, into: output) }
      output.update(from: text, count: count)
      return count
    }
    let (left, right, result) = scratch.withUnsafeMutableBufferPointer { scratch in
      Vocabulary.withPointers(merges.bytes, table) { bytes, table -> (Int, Int, Int) in
        guard let output = scratch.baseAddress else { return (-1, -1, -1) }
        let text = bytes + start
        var space = 1
        while space < length, text[space] != 0x20 { space &+= 1 }
        guard space < length &- 1 else { return (-2, -2, -2) }
        let leftCount = decode(text, space, table, output)
        guard leftCount >= 0 else { return (-1, -1, -1) }
        let rest = text + space + 1
        let rightCount = decode(rest, length &- space &- 1, table, output + leftCount)
        let left = lookup.find(output, count: leftCount)
        guard left >= 0, rightCount >= 0 else { return (left, -1, -1) }
        let right = lookup.find(output + leftCount, count: rightCount)
        let total = leftCount &+ rightCount
        if guess >= 0, guess < count, lookup.isEqual(output, count: total, to: guess) { return (left, right, guess) }
        return (left, right, lookup.find(output, count: total))
      }
    }
    if left == -2 { return .malformed }
    if left < 0 { return .unknownLeft }
    if right < 0 { return .unknownRight }
    if result < 0 { return .unknownResult }
    (self.left, self.right, self.result) = (left, right, result)
    shift = result - index
    return .sound
  }
}
