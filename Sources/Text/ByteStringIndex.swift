/// An open-addressing table from byte strings to their numbers; the strings themselves stay in one block of the owner's.
struct ByteStringIndex: Sendable {
  /// High half: part of the hash; low half: the number. All ones is an empty slot.
  private var slots: [UInt64]
  private let mask: Int
  let hash: ByteHash

  private static let empty = UInt64.max

  init(capacity: Int, hash: ByteHash) {
    var size = 16
    while size < capacity &* 2 { size &*= 2 }
    slots = [UInt64](repeating: ByteStringIndex.empty, count: size)
    mask = size - 1
    self.hash = hash
  }

  /// Adds string `id` of a block, unless an equal one is there.
  ///
  /// - Returns: the number of the equal one, or nil after adding.
  @inline(__always)
  mutating func insert(_ id: Int, block: UnsafePointer<UInt8>, starts: UnsafePointer<UInt32>) -> Int? {
    let start = Int(starts[id])
    let count = Int(starts[id &+ 1]) &- start
    let value = hash(block + start, count: count)
    let tag = value & 0xFFFF_FFFF_0000_0000
    var slot = Int(truncatingIfNeeded: value) & mask
    return slots.withUnsafeMutableBufferPointer { slots in
      while slots[slot] != ByteStringIndex.empty {
        if slots[slot] & 0xFFFF_FFFF_0000_0000 == tag {
          let other = Int(slots[slot] & 0xFFFF_FFFF)
          let otherStart = Int(starts[other])
          if Int(starts[other &+ 1]) &- otherStart == count,
            ByteHash.equal(block + start, block + otherStart, count: count)
          {
            return other
          }
        }
        slot = (slot &+ 1) & mask
      }
      slots[slot] = tag | UInt64(truncatingIfNeeded: id)
      return nil
    }
  }

  /// Calls `body` with a way to look strings up in a block; it is valid for the length of the call.
  func withLookup<Result>(block: [UInt8], starts: [UInt32], _ body: (Lookup) -> Result) -> Result {
    slots.withUnsafeBufferPointer { slots in
      Vocabulary.withPointers(block, starts) { block, starts in
        body(Lookup(slots: slots, mask: mask, hash: hash, block: block, starts: starts))
      }
    }
  }

  /// The table's and its block's addresses.
  struct Lookup {
    let slots: UnsafeBufferPointer<UInt64>
    let mask: Int
    let hash: ByteHash
    let block: UnsafePointer<UInt8>
    let starts: UnsafePointer<UInt32>

    /// The number of a string, or -1; the bytes must have ``ByteHash/slack`` readable bytes behind them.
    @inline(__always)
    func find(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
      let value = hash(bytes, count: count)
      let tag = value & 0xFFFF_FFFF_0000_0000
      var slot = Int(truncatingIfNeeded: value) & mask
      while slots[slot] != ByteStringIndex.empty {
        if slots[slot] & 0xFFFF_FFFF_0000_0000 == tag {
          let other = Int(slots[slot] & 0xFFFF_FFFF)
          if isEqual(bytes, count: count, to: other) { return other }
        }
        slot = (slot &+ 1) & mask
      }
      return -1
    }

    /// Whether a string is that of a number.
    @inline(__always)
    func isEqual(_ bytes: UnsafePointer<UInt8>, count: Int, to id: Int) -> Bool {
      let start = Int(starts[id])
      return Int(starts[id &+ 1]) &- start == count && ByteHash.equal(bytes, block + start, count: count)
    }
  }
}
