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

  /// The number of a string, or -1; the bytes must have ``ByteHash/slack`` readable bytes behind them.
  @inline(__always)
  func find(
    _ bytes: UnsafePointer<UInt8>, count: Int, block: UnsafePointer<UInt8>, starts: UnsafePointer<UInt32>
  ) -> Int {
    let value = hash(bytes, count: count)
    let tag = value & 0xFFFF_FFFF_0000_0000
    var slot = Int(truncatingIfNeeded: value) & mask
    return slots.withUnsafeBufferPointer { slots in
      while slots[slot] != ByteStringIndex.empty {
        if slots[slot] & 0xFFFF_FFFF_0000_0000 == tag {
          let other = Int(slots[slot] & 0xFFFF_FFFF)
          let otherStart = Int(starts[other])
          if Int(starts[other &+ 1]) &- otherStart == count, ByteHash.equal(bytes, block + otherStart, count: count) {
            return other
          }
        }
        slot = (slot &+ 1) & mask
      }
      return -1
    }
  }
}
