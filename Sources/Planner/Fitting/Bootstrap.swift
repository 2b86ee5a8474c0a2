import NumericTypes

/// What a fit would be on other draws of the same data (Efron: Bootstrap methods: another look at the jackknife, 1979).
public enum Bootstrap {
  /// The most draws.
  static let limit = 100_000

  /// The values that `estimate` gives for `draws` draws with replacement of `count` places; draws for which it gives `nil` are
  /// left out.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no places and for draws outside 1…100,000.
  public static func estimates(
    count: Int, draws: Int, seed: UInt64 = 0, _ estimate: ([Int]) -> [Double]?
  ) throws(PlannerError) -> [[Double]] {
    guard count > 0 else { throw .invalid(field: "count", problem: "there is nothing to draw from") }
    guard (1...limit).contains(draws) else {
      throw .invalid(field: "draws", problem: "\(draws) lies outside 1…\(limit)")
    }
    var random = Random(seed: seed)
    return (0..<draws).compactMap { _ in
      estimate((0..<count).map { _ in min(count - 1, Int(random.uniform() * Double(count))) })
    }
  }

  /// The range that holds the middle `confidence` of `values`; `nil` for none.
  public static func band(_ values: [Double], confidence: Double = 0.95) -> ClosedRange<Double>? {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard let low = Quantile.value((1 - confidence) / 2, ofSorted: sorted),
      let high = Quantile.value((1 + confidence) / 2, ofSorted: sorted)
    else { return nil }
    return low...high
  }
}
