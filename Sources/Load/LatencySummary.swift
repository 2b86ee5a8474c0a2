import Formats
import Profiling

/// Percentiles of times, in seconds.
public struct LatencySummary: Sendable, Equatable {
  /// How many times there are.
  public let count: Int
  /// The mean.
  public let mean: Double
  /// Half of them are at most this.
  public let p50: Double
  /// Nine of ten are at most this.
  public let p90: Double
  /// 99 of a hundred are at most this.
  public let p99: Double
  /// The longest.
  public let max: Double

  /// The summary of `values`; `nil` for none. Percentiles are interpolated between neighbours.
  public init?(_ values: [Double]) {
    let sorted = values.sorted()
    guard let last = sorted.last, let p50 = RatioEstimate.quantile(0.5, ofSorted: sorted),
      let p90 = RatioEstimate.quantile(0.9, ofSorted: sorted), let p99 = RatioEstimate.quantile(0.99, ofSorted: sorted)
    else { return nil }
    (count, mean, max) = (sorted.count, sorted.reduce(0, +) / Double(sorted.count), last)
    (self.p50, self.p90, self.p99) = (p50, p90, p99)
  }

  /// `{"mean", "p50", "p90", "p99", "max", "n"}`, seconds.
  public var json: JSON {
    [
      "mean": .rounded(mean), "p50": .rounded(p50), "p90": .rounded(p90), "p99": .rounded(p99), "max": .rounded(max),
      "n": .integer(count),
    ]
  }
}
