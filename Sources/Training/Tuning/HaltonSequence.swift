import Tensors

/// Points that fill the unit cube evenly: Halton's sequence, shifted by a random point, coordinates in bases that are the
/// first primes (Halton, 1964; the shift of Cranley and Patterson, 1976).
public struct HaltonSequence: Sendable, Hashable {
  private static let primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53]
  /// The most coordinates.
  public static let mostDimensions = primes.count

  private let shift: [Double]

  /// A sequence of points with so many coordinates.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)`` for more than ``mostDimensions``.
  public init(dimensions: Int, seed: UInt64) throws(DataError) {
    guard (0...Self.mostDimensions).contains(dimensions) else {
      throw .invalidOption(field: "dimensions", value: "\(dimensions)", expected: "0 to \(Self.mostDimensions)")
    }
    var random = Random(seed: seed, stream: 0x4841_4C54)
    shift = (0..<dimensions).map { _ in random.uniform() }
  }

  /// A point, each coordinate from 0 up to but not including 1.
  public subscript(index: Int) -> [Double] {
    zip(Self.primes, shift).map { base, shift in
      let place = Self.reversed(index + 1, base) + shift
      return place < 1 ? place : place - 1
    }
  }

  /// The digits of a number behind the point, the last one first.
  package static func reversed(_ number: Int, _ base: Int) -> Double {
    var (value, weight, rest) = (0.0, 1.0 / Double(base), number)
    while rest > 0 {
      value += weight * Double(rest % base)
      weight /= Double(base)
      rest /= base
    }
    return value
  }
}
