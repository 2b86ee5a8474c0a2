/// The addresses of the tables that encoding looks into, valid for one call.
struct BytePairTables {
  let slots: UnsafePointer<UInt64>
  let mask: Int
  let hash: ByteHash
  /// Nil if there are no merges, and then nothing asks for one.
  let results: UnsafePointer<TokenID>?
  let byteTokens: UnsafePointer<UInt32>
  let classes: UnsafePointer<UInt8>
  let classLimit: UInt32
  /// Finds words that are tokens, where they count before merges.
  let words: ByteStringIndex.Lookup?
  let types: UnsafePointer<TokenType>

  /// The rank of the merge of two tokens, or ``MergeTable/noRank``.
  @inline(__always)
  func rank(_ left: UInt32, _ right: UInt32) -> UInt32 {
    let pair = UInt64(left) &<< 21 | UInt64(right)
    var slot = Int(truncatingIfNeeded: hash(pair)) & mask
    while true {
      let entry = slots[slot]
      if entry == MergeTable.empty { return MergeTable.noRank }
      if entry &>> 22 == pair { return UInt32(truncatingIfNeeded: entry & 0x3F_FFFF) }
      slot = (slot &+ 1) & mask
    }
  }

  /// The token that a merge makes.
  @inline(__always)
  func result(_ rank: UInt32) -> UInt32 {
    results.map { UInt32(truncatingIfNeeded: $0[Int(rank)]) } ?? MergeTable.noToken
  }

  /// The ordinary token that a word is, if such words are taken whole.
  @inline(__always)
  func wholeWord(_ word: UnsafePointer<UInt8>, _ count: Int) -> TokenID? {
    guard let words else { return nil }
    let id = words.find(word, count: count)
    return id >= 0 && types[id] == .normal ? TokenID(truncatingIfNeeded: id) : nil
  }
}
