/// A counter-based random generator: the value at a position depends on the seed, the stream and the position only.
///
/// Philox4x32 with ten rounds (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, 2011).
public struct Random: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: UInt64
  /// The number of 64-bit values drawn so far; settable, so that a run can be repeated from any point.
  public var position: UInt64 = 0

  /// A generator for `seed`; streams of one seed are independent.
  public init(seed: UInt64, stream: UInt64 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let block = Self.philox(counter: position >> 1, stream: stream, key: key)
    defer { position &+= 1 }
    return position & 1 == 0
      ? UInt64(block.0) | UInt64(block.1) << 32
      : UInt64(block.2) | UInt64(block.3) << 32
  }

  /// The next number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  package static func philox(
    counter: UInt64, stream: UInt64, key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = (
      UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
      UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
    )
    var k = key
    for _ in 0..<10 {
      let first = UInt64(c.0) * 0xD251_1F53
      let second = UInt64(c.2) * 0xCD9E_8D57
      c = (
        UInt32(second >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: first)
      )
      k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
    }
    return c
  }
}
