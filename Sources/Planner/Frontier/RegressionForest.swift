import NumericTypes

/// Trees that are each grown on rows drawn with replacement (Breiman: Random Forests, 2001); all features are tried at each split.
public struct RegressionForest: Sendable, Hashable, Codable {
  /// The trees.
  public let trees: [RegressionTree]

  /// A forest of `count` trees.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no trees or more than 10,000, no rows, rows of different lengths, and
  ///   numbers that are not finite.
  public init(
    _ rows: [[Double]], _ targets: [Double], trees count: Int = 100, random: inout Random
  ) throws(PlannerError) {
    guard (1...10_000).contains(count) else {
      throw .invalid(field: "trees", problem: "\(count) lies outside 1…10000")
    }
    let table = try RankedTable(rows, targets)
    var grown: [RegressionTree] = []
    for _ in 0..<count {
      let drawn = rows.indices.map { _ in Int.random(in: rows.indices, using: &random) }
      grown.append(RegressionTree(table, rows: drawn))
    }
    trees = grown
  }

  /// The mean of the trees' values.
  public func value(_ row: [Double]) -> Double { trees.reduce(0) { $0 + $1.value(row) } / Double(trees.count) }

  /// The mean and the spread of the trees' values.
  public func estimate(_ row: [Double]) -> (mean: Double, deviation: Double) {
    // Welford's sums: no list of values.
    var (mean, squares) = (0.0, 0.0)
    for (index, tree) in trees.enumerated() {
      let value = tree.value(row)
      let off = value - mean
      mean += off / Double(index + 1)
      squares += off * (value - mean)
    }
    return (mean, (squares / Double(trees.count)).squareRoot())
  }
}
