import Formats
import Tensors

/// How many times faster one contestant is than another: the median over pairs of turns, and a bootstrap interval.
///
/// Percentile bootstrap (Efron, Bootstrap methods: another look at the jackknife, 1979): pairs are drawn with
/// replacement and the median of each draw taken; the interval holds the middle of those medians.
public struct RatioEstimate: Sendable, Equatable {
  /// The median of the pairs' ratios.
  public var median: Double
  /// The lower end of the interval.
  public var low: Double
  /// The upper end of the interval.
  public var high: Double

  /// An estimate from its parts.
  public init(median: Double, low: Double, high: Double) {
    self.median = median
    self.low = low
    self.high = high
  }

  /// The estimate of theirs ÷ ours for seconds taken in turns: above 1, ours is faster.
  ///
  /// - Parameters:
  ///   - ours: our seconds, in the order taken.
  ///   - theirs: their seconds, in the same order; what one side has more of is left out.
  ///   - confidence: the share of draws that the interval holds.
  ///   - resamples: the number of draws.
  ///   - seed: the draws' seed; the same input gives the same interval.
  public init?(
    ours: [Double], theirs: [Double], confidence: Double = 0.95, resamples: Int = 2000, seed: UInt64 = 0
  ) {
    let ratios = zip(ours, theirs).map { $1 / $0 }
    guard let summary = Summary(ratios), ratios.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
    var random = Random(seed: seed)
    var medians: [Double] = []
    medians.reserveCapacity(resamples)
    var draw = ratios
    for _ in 0..<resamples {
      for index in draw.indices { draw[index] = ratios[Int(random.uniform() * Double(ratios.count))] }
      medians.append(Summary.median(ofSorted: draw.sorted()))
    }
    medians.sort()
    median = summary.median
    low = Self.quantile((1 - confidence) / 2, ofSorted: medians) ?? summary.min
    high = Self.quantile((1 + confidence) / 2, ofSorted: medians) ?? summary.max
  }

  /// The quantile of figures in ascending order, interpolated between neighbours.
  package static func quantile(_ share: Double, ofSorted sorted: [Double]) -> Double? {
    guard let last = sorted.last else { return nil }
    let position = max(0, min(1, share)) * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count else { return last }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
  }

  /// `{"median", "low", "high"}`.
  public var json: JSON {
    ["median": .rounded(median, digits: 4), "low": .rounded(low, digits: 4), "high": .rounded(high, digits: 4)]
  }
}
