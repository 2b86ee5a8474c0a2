/// The texts of a vocabulary's ordinary tokens as a trie over bytes, its edges in one open-addressing table.
struct PieceTrie: Sendable {
  /// `node << 8 | byte` plus one; zero is an empty slot.
  private var keys: [UInt64]
  private var children: [UInt32]
  /// The token that ends at each node, or -1.
  private var ends: [Int32] = [-1]
  private let mask: Int
  private let hash = ByteHash()

  /// The node of the empty text.
  static let root: UInt32 = 0

  init(_ vocabulary: Vocabulary) {
    var total = 0
    for id in 0..<vocabulary.count where vocabulary.isOrdinary(id) { total += vocabulary.textLength(id) }
    var size = 16
    while size < total * 2 { size *= 2 }
    keys = [UInt64](repeating: 0, count: size)
    children = [UInt32](repeating: 0, count: size)
    mask = size - 1
    for id in 0..<vocabulary.count where vocabulary.isOrdinary(id) {
      var node = PieceTrie.root
      for byte in vocabulary.text(id) { node = insert(node, byte) }
      ends[Int(node)] = Int32(truncatingIfNeeded: id)
    }
  }

  private mutating func insert(_ node: UInt32, _ byte: UInt8) -> UInt32 {
    let key = (UInt64(node) << 8 | UInt64(byte)) + 1
    var slot = Int(truncatingIfNeeded: hash(key)) & mask
    while keys[slot] != 0 {
      if keys[slot] == key { return children[slot] }
      slot = (slot + 1) & mask
    }
    keys[slot] = key
    children[slot] = UInt32(truncatingIfNeeded: ends.count)
    ends.append(-1)
    return children[slot]
  }

  /// The node that a byte leads to.
  @inline(__always)
  func child(_ node: UInt32, _ byte: UInt8) -> UInt32? {
    let key = (UInt64(node) &<< 8 | UInt64(byte)) &+ 1
    var slot = Int(truncatingIfNeeded: hash(key)) & mask
    while true {
      let found = keys[slot]
      if found == key { return children[slot] }
      if found == 0 { return nil }
      slot = (slot &+ 1) & mask
    }
  }

  /// The token that ends at a node.
  @inline(__always)
  func token(_ node: UInt32) -> TokenID? {
    let token = ends[Int(node)]
    return token < 0 ? nil : token
  }
}
