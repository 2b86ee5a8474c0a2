import Tensors

/// A random order of the numbers below ``count`` that is computed, not stored: the number at any place takes a few dozen
/// nanoseconds and no memory.
///
/// A Feistel network over the bits of the place (Luby and Rackoff: How to construct pseudorandom permutations from
/// pseudorandom functions, 1988), its rounds keyed by ``/Tensors/Random``; places outside go through it again until they are inside
/// (Black and Rogaway: Ciphers with arbitrary finite domains, 2002).
public struct Permutation: Sendable {
  /// How many numbers are put in order.
  public let count: Int
  private let seed: UInt64
  private let stream: UInt64
  private let leftBits: UInt64
  private let rightBits: UInt64

  private static let rounds: UInt64 = 8

  /// The order for a seed and an epoch.
  ///
  /// - Precondition: `count` is not below zero.
  public init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count >= 0, "an order of \(count) numbers")
    self.count = count
    self.seed = seed
    stream = UInt64(truncatingIfNeeded: epoch) << 8 | DataStream.order.rawValue
    let bits = UInt64(count < 2 ? 1 : Int.bitWidth - (count - 1).leadingZeroBitCount)
    leftBits = bits / 2
    rightBits = bits - leftBits
  }

  /// The number at a place.
  ///
  /// - Precondition: `place` is below ``count``.
  public subscript(place: Int) -> Int {
    precondition((0..<count).contains(place), "place \(place) of \(count)")
    var value = UInt64(place)
    // The domain is at most twice as large as what is wanted, and to go on from a place inside leads back inside.
    repeat { value = permuted(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func permuted(_ value: UInt64) -> UInt64 {
    var (left, right) = (value >> rightBits, value & (1 << rightBits - 1))
    for round in 0..<Self.rounds {
      if round & 1 == 0 {
        right ^= mixed(left, round) & (1 << rightBits - 1)
      } else {
        left ^= mixed(right, round) & (1 << leftBits - 1)
      }
    }
    return left << rightBits | right
  }

  private func mixed(_ half: UInt64, _ round: UInt64) -> UInt64 {
    let block = Random.philox(
      counter: half << 3 | round, stream: stream,
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    return UInt64(block.0) | UInt64(block.1) << 32
  }
}
