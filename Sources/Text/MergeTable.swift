/// Which two neighbouring tokens may become one, and in which order of preference: an open-addressing table from a pair of
/// tokens to its rank, one 64-bit word per entry, so that a look-up touches one cache line.
struct MergeTable: Sendable {
  /// Left token (21 bits), right token (21 bits), rank (22 bits). All ones is an empty slot.
  let slots: [UInt64]
  let mask: Int
  let hash: ByteHash
  /// The token that each merge makes.
  let results: [TokenID]

  /// The most merges that are taken.
  static let countLimit = 1 << 22 - 2
  static let empty = UInt64.max
  /// No merge; larger than every rank.
  static let noRank = UInt32.max
  /// Stands for a byte without a token: larger than every token, and so in no merge.
  static let noToken: UInt32 = 1 << 21 - 1

  init(_ merges: ByteStrings, vocabulary: Vocabulary) throws(TextError) {
    let count = merges.count
    guard count <= MergeTable.countLimit else { throw .tooManyMerges(count: count, limit: MergeTable.countLimit) }
    var size = 16
    while size < count * 2 { size *= 2 }
    let mask = size - 1
    let hash = ByteHash()
    var slots = [UInt64](repeating: MergeTable.empty, count: size)
    var results = [TokenID](repeating: 0, count: count)
    var failure: (index: Int, outcome: MergeParser.Outcome)?
    vocabulary.withTexts { lookup in
      slots.withUnsafeMutableBufferPointer { slots in
        var parser = MergeParser(lookup: lookup, count: vocabulary.count, isByteLevel: vocabulary.style == .byteLevel)
        for rank in 0..<count {
          let outcome = parser.parse(merges, rank)
          guard outcome == .sound else {
            failure = (rank, outcome)
            return
          }
          results[rank] = TokenID(truncatingIfNeeded: parser.result)
          let pair = UInt64(truncatingIfNeeded: parser.left) &<< 21 | UInt64(truncatingIfNeeded: parser.right)
          var slot = Int(truncatingIfNeeded: hash(pair)) & mask
          // Of two merges of the same pair the first counts.
          while slots[slot] != MergeTable.empty, slots[slot] &>> 22 != pair { slot = (slot &+ 1) & mask }
          if slots[slot] == MergeTable.empty { slots[slot] = pair &<< 22 | UInt64(truncatingIfNeeded: rank) }
        }
      }
    }
    if let (index, outcome) = failure {
      switch outcome {
      case .sound, .malformed: throw .malformedMerge(index: index)
      case .unknownLeft: throw .mergePartNotInVocabulary(index: index, part: 0)
      case .unknownRight: throw .mergePartNotInVocabulary(index: index, part: 1)
      case .unknownResult: throw .mergeResultNotInVocabulary(index: index)
      }
    }
    self.slots = slots
    self.mask = mask
    self.hash = hash
    self.results = results
  }

  /// The rank of the merge of two tokens.
  @inline(__always)
  func rank(_ left: UInt32, _ right: UInt32) -> UInt32? {
    let pair = UInt64(left) &<< 21 | UInt64(right)
    var slot = Int(truncatingIfNeeded: hash(pair)) & mask
    while slots[slot] != MergeTable.empty {
      if slots[slot] &>> 22 == pair { return UInt32(truncatingIfNeeded: slots[slot] & 0x3F_FFFF) }
      slot = (slot &+ 1) & mask
    }
    return nil
  }
}
