import Formats

/// Median, smallest and largest of a set of figures.
public struct Summary: Sendable, Equatable {
  /// The median; the mean of the two middle figures of an even number.
  public var median: Double
  /// The smallest.
  public var min: Double
  /// The largest.
  public var max: Double
  /// How many figures there are.
  public var count: Int

  /// The summary of `values`; `nil` for none.
  public init?(_ values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    median = Self.median(ofSorted: sorted)
    min = first
    max = last
    count = sorted.count
  }

  /// The median of figures in ascending order, at least one.
  static func median(ofSorted sorted: [Double]) -> Double {
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// `{"median", "min", "max", "n"}`.
  public var json: JSON {
    ["median": .rounded(median), "min": .rounded(min), "max": .rounded(max), "n": .integer(count)]
  }
}
