/// XXH64, a checksum of 64 bits that is as fast as memory: for what is read whole and often, where ``CRC32`` would take longer than
/// the disk. It finds accidents, not forgeries. Yann Collet's xxHash, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
public enum XXHash64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  /// The checksum of `bytes`.
  public static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    let count = bytes.count
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var at = 0
    var hash: UInt64
    if count >= 32 {
      // Four lanes, so that four products are under way at once.
      var a = seed &+ prime1 &+ prime2
      var b = seed &+ prime2
      var c = seed
      var d = seed &- prime1
      while at &+ 32 <= count {
        a = round(a, word(at))
        b = round(b, word(at &+ 8))
        c = round(c, word(at &+ 16))
        d = round(d, word(at &+ 24))
        at &+= 32
      }
      hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
      for lane in [a, b, c, d] { hash = (hash ^ round(0, lane)) &* prime1 &+ prime4 }
    } else {
      hash = seed &+ prime5
    }
    hash &+= UInt64(count)
    while at &+ 8 <= count {
      hash = rotate(hash ^ round(0, word(at)), 27) &* prime1 &+ prime4
      at &+= 8
    }
    if at &+ 4 <= count {
      let half = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      hash = rotate(hash ^ half &* prime1, 23) &* prime2 &+ prime3
      at &+= 4
    }
    while at < count {
      hash = rotate(hash ^ UInt64(bytes[at]) &* prime5, 11) &* prime1
      at &+= 1
    }
    hash = (hash ^ hash >> 33) &* prime2
    hash = (hash ^ hash >> 29) &* prime3
    return hash ^ hash >> 32
  }

  @inline(__always)
  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* prime2, 31) &* prime1
  }

  @inline(__always)
  private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word &<< count | word &>> (64 &- count) }
}
