/// Percentiles of values that are not kept: counts in buckets 1/256 of their octave wide.
///
/// A percentile is off by at most 1/512 of itself. Two of them merge to what one would have counted, in any order, so
/// that results do not depend on how runs were divided. Holds values of 2⁻³² to 2³²; smaller ones count as the
/// smallest.
public struct StreamingPercentiles: Sendable, Hashable {
  private static let bits = 8
  private static let octaves = -32...31

  private var counts: [UInt64] = []
  /// How many values were added.
  public private(set) var count: UInt64 = 0
  /// Their sum.
  public private(set) var sum = 0.0
  /// The largest of them.
  public private(set) var largest = 0.0

  /// No values.
  public init() {}

  /// The mean; zero of no values.
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// Counts `value`, which is not negative, `times` times.
  public mutating func add(_ value: Double, times: UInt64 = 1) {
    guard times > 0 else { return }
    if counts.isEmpty { counts = [UInt64](repeating: 0, count: Self.octaves.count << Self.bits) }
    counts[Self.bucket(value)] += times
    count += times
    sum += value * Double(times)
    largest = max(largest, value)
  }

  /// Adds what the other counted.
  public mutating func merge(_ other: StreamingPercentiles) {
    if counts.isEmpty {
      counts = other.counts
    } else {
      for (place, more) in other.counts.enumerated() { counts[place] += more }
    }
    count += other.count
    sum += other.sum
    largest = max(largest, other.largest)
  }

  /// The value that `percent` of the values do not exceed (the nearest rank); zero of no values.
  public func percentile(_ percent: Double) -> Double {
    guard count > 0 else { return 0 }
    let rank = max(1, (percent / 100 * Double(count)).rounded(.up))
    var seen: UInt64 = 0
    for (place, some) in counts.enumerated() where some > 0 {
      seen += some
      if Double(seen) >= rank { return min(Self.middle(of: place), largest) }
    }
    return largest
  }

  // A bucket's number is the exponent with the first bits of the significand: no logarithm is taken.
  private static let lowest = UInt64(bitPattern: Int64(octaves.lowerBound + 1023)) << UInt64(bits)

  private static func bucket(_ value: Double) -> Int {
    let place = value.bitPattern >> UInt64(52 - bits)
    guard value > 0, place > lowest else { return 0 }
    return min(Int(place - lowest), octaves.count << bits - 1)
  }

  private static func middle(of bucket: Int) -> Double {
    let half = UInt64(1) << UInt64(51 - bits)
    return Double(bitPattern: (UInt64(bucket) + lowest) << UInt64(52 - bits) | half)
  }
}
