/// Turns the text of a merge, "left right" in the byte alphabet, into three tokens.
struct MergeParser {
  private let vocabulary: Vocabulary
  private let table = ByteAlphabet.byteOfPoint
  private var scratch: [UInt8] = []
  /// The distance of a merge's result from its rank, where the results stand in the vocabulary in the order of the merges,
  /// as they nearly always do: one comparison then replaces a search.
  private var shift = 0

  init(vocabulary: Vocabulary) {
    self.vocabulary = vocabulary
  }

  /// The left and right token of a merge and the one that it makes.
  mutating func parse(_ merges: ByteStrings, _ index: Int) -> Result<(Int, Int, Int), TextError> {
    let start = Int(merges.offsets[index])
    let count = Int(merges.offsets[index + 1]) - start
    if scratch.count < count + ByteHash.slack {
      scratch = [UInt8](repeating: 0, count: 2 * (count + ByteHash.slack))
    }
    let vocabulary = vocabulary
    let shift = shift
    let found: Result<(Int, Int, Int), TextError> = scratch.withUnsafeMutableBufferPointer { scratch in
      merges.bytes.withUnsafeBufferPointer { bytes in
        guard count >= 3, let text = bytes.baseAddress.map({ $0 + start }), let output = scratch.baseAddress else {
          return .failure(.malformedMerge(index: index))
        }
        var space = 1
        while space < count, text[space] != 0x20 { space &+= 1 }
        guard space < count &- 1 else { return .failure(.malformedMerge(index: index)) }
        return Vocabulary.withPointers(table, vocabulary.pieces) { table, block in
          vocabulary.starts.withUnsafeBufferPointer { starts in
            guard let starts = starts.baseAddress else { return .failure(.emptyVocabulary) }
            let leftCount = ByteAlphabet.decode(text, count: space, table: table, into: output)
            guard leftCount >= 0 else { return .failure(.mergePartNotInVocabulary(index: index, part: 0)) }
            let rightCount = ByteAlphabet.decode(
              text + space + 1, count: count &- space &- 1, table: table, into: output + leftCount)
            guard rightCount >= 0 else { return .failure(.mergePartNotInVocabulary(index: index, part: 1)) }
            let words = vocabulary.index
            let left = words.find(output, count: leftCount, block: block, starts: starts)
            guard left >= 0 else { return .failure(.mergePartNotInVocabulary(index: index, part: 0)) }
            let right = words.find(output + leftCount, count: rightCount, block: block, starts: starts)
            guard right >= 0 else { return .failure(.mergePartNotInVocabulary(index: index, part: 1)) }
            let total = leftCount &+ rightCount
            let guess = index &+ shift
            if guess >= 0, guess < vocabulary.count, vocabulary.types[guess] == .normal,
              Int(starts[guess &+ 1]) &- Int(starts[guess]) == total,
              ByteHash.equal(output, block + Int(starts[guess]), count: total)
            {
              return .success((left, right, guess))
            }
            let result = words.find(output, count: total, block: block, starts: starts)
            guard result >= 0 else { return .failure(.mergeResultNotInVocabulary(index: index)) }
            return .success((left, right, result))
          }
        }
      }
    }
    if case .success((_, _, let result)) = found { self.shift = result - index }
    return found
  }
}
