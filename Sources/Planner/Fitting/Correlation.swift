/// How far two lists go together.
public enum Correlation {
  /// Pearson's r, −1…1. Nothing for lists of different lengths, of less than two, with numbers that are none or infinite, and where all
  /// values of one are alike.
  public static func pearson(_ first: [Double], _ second: [Double]) -> Double? {
    guard first.count == second.count, first.count > 1, first.allSatisfy(\.isFinite), second.allSatisfy(\.isFinite)
    else { return nil }
    let count = Double(first.count)
    let means = (first.reduce(0, +) / count, second.reduce(0, +) / count)
    var (product, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(first, second) {
      product += (x - means.0) * (y - means.1)
      left += (x - means.0) * (x - means.0)
      right += (y - means.1) * (y - means.1)
    }
    return left > 0 && right > 0 ? product / (left * right).squareRoot() : nil
  }

  /// Pearson's r of the ranks, −1…1 (Spearman: The proof and measurement of association between two things, 1904); values alike share
  /// the mean of their ranks. Nothing where ``pearson(_:_:)`` has nothing; infinite numbers have ranks.
  public static func spearman(_ first: [Double], _ second: [Double]) -> Double? {
    if first.contains(where: \.isNaN) || second.contains(where: \.isNaN) { return nil }
    return pearson(ranks(first), ranks(second))
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
