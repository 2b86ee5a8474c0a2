/// How far two lists have the same order (Spearman: The proof and measurement of association between two things, 1904).
public enum RankCorrelation {
  /// The correlation of the ranks, −1…1; values alike share the mean of their ranks. Nothing for lists of different lengths, of less
  /// than two, with numbers that are none, and where all values of one are alike.
  public static func spearman(_ first: [Double], _ second: [Double]) -> Double? {
    guard first.count == second.count, first.count > 1, !first.contains(where: \.isNaN),
      !second.contains(where: \.isNaN)
    else { return nil }
    let (a, b) = (ranks(first), ranks(second))
    let mean = Double(first.count - 1) / 2
    var (product, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += (x - mean) * (y - mean)
      left += (x - mean) * (x - mean)
      right += (y - mean) * (y - mean)
    }
    return left > 0 && right > 0 ? product / (left * right).squareRoot() : nil
  }

  /// The rank of each value, from 0.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
      start = end
    }
    return ranks
  }
}
