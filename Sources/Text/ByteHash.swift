/// A keyed hash of short byte strings and of integers. The key is drawn at random, so that a hostile file cannot choose
/// strings that collide; no result depends on it, only the order in which a table is probed.
struct ByteHash: Sendable {
  let seed: UInt64
  let second: UInt64

  init() {
    var generator = SystemRandomNumberGenerator()
    seed = generator.next()
    second = generator.next() | 1
  }

  /// The two halves of a 128-bit product, folded.
  @inline(__always)
  static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  @inline(__always)
  func callAsFunction(_ value: UInt64) -> UInt64 {
    ByteHash.fold(value ^ seed, second)
  }

  /// Hashes `count` bytes; up to 7 bytes behind them are read and ignored.
  @inline(__always)
  func callAsFunction(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    var hash = ByteHash.fold(UInt64(truncatingIfNeeded: count) ^ second, seed | 1)
    var position = 0
    while count &- position > 8 {
      hash = ByteHash.fold(ByteHash.load(bytes + position) ^ seed, hash ^ second)
      position &+= 8
    }
    let tail = ByteHash.load(bytes + position) & ByteHash.mask(count &- position)
    return ByteHash.fold(tail ^ seed, hash ^ second)
  }

  /// Whether two strings of one length are equal; up to 7 bytes behind each are read and ignored.
  @inline(__always)
  static func equal(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, count: Int) -> Bool {
    var position = 0
    while count &- position > 8 {
      if load(left + position) != load(right + position) { return false }
      position &+= 8
    }
    return (load(left + position) ^ load(right + position)) & mask(count &- position) == 0
  }

  @inline(__always)
  private static func load(_ bytes: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
  }

  /// The low `count` bytes of a word, for 0 to 8.
  @inline(__always)
  private static func mask(_ count: Int) -> UInt64 {
    count == 0 ? 0 : UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* count)
  }

  /// Bytes that must be readable behind every string that is hashed or compared.
  static let slack = 8
}
