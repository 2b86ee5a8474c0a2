/// What each feature contributes to a forest's value, beside what other rows have (Lundberg et al.: From Local Explanations to Global
/// Understanding with Explainable AI for Trees, 2020; the interventional form).
///
/// With other rows b, a coalition's value is the mean of the forest at rows whose features are the row's own inside the coalition and
/// b's outside. A leaf that needs features A from the row and B from b gives (|A| − 1)!·|B|!/(|A| + |B|)! of its value to each of A and
/// takes |A|!·(|B| − 1)!/(|A| + |B|)! of it from each of B: one walk of each tree for each b instead of 2ᵏ coalitions.
public enum ShapleyValues {
  /// The contributions of `row`'s features; they add up to the forest's value there less its mean over `others`.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no other rows or rows of other lengths.
  public static func of(
    _ row: [Double], in forest: RegressionForest, beside others: [[Double]]
  ) throws(PlannerError) -> [Double] {
    guard !others.isEmpty, others.allSatisfy({ $0.count == row.count }), row.count <= 64 else {
      throw .invalid(field: "others", problem: "there are none, or not all have \(row.count) features, at most 64")
    }
    var walk = Walk(row: row, values: [Double](repeating: 0, count: row.count))
    for tree in forest.trees {
      for other in others { walk.step(tree, other, node: 0, own: 0, theirs: 0) }
    }
    let count = Double(forest.trees.count) * Double(others.count)
    return walk.values.map { $0 / count }
  }

  /// How much features matter: the means of their contributions' sizes over `rows`, each beside all of them.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func sensitivities(of forest: RegressionForest, over rows: [[Double]]) throws(PlannerError) -> [Double]
  {
    guard let first = rows.first else { throw .invalid(field: "rows", problem: "there are none") }
    var sums = [Double](repeating: 0, count: first.count)
    for row in rows {
      for (feature, value) in try of(row, in: forest, beside: rows).enumerated() { sums[feature] += value.magnitude }
    }
    return sums.map { $0 / Double(rows.count) }
  }

  /// A walk through a tree along the row and another one at once; sets of features are bits.
  private struct Walk {
    let row: [Double]
    var values: [Double]

    mutating func step(_ tree: RegressionTree, _ other: [Double], node place: Int, own: UInt64, theirs: UInt64) {
      let node = tree.nodes[place]
      guard node.feature >= 0 else { return add(node.value, own, theirs) }
      let bit = UInt64(1) << UInt64(node.feature)
      let (mine, its) = (row[node.feature] <= node.threshold, other[node.feature] <= node.threshold)
      let (mineNext, itsNext) = (mine ? node.left : node.right, its ? node.left : node.right)
      if own & bit != 0 || mine == its {
        step(tree, other, node: mineNext, own: own, theirs: theirs)
      } else if theirs & bit != 0 {
        step(tree, other, node: itsNext, own: own, theirs: theirs)
      } else {
        step(tree, other, node: mineNext, own: own | bit, theirs: theirs)
        step(tree, other, node: itsNext, own: own, theirs: theirs | bit)
      }
    }

    private mutating func add(_ value: Double, _ own: UInt64, _ theirs: UInt64) {
      let (a, b) = (own.nonzeroBitCount, theirs.nonzeroBitCount)
      guard a + b > 0 else { return }
      // (a − 1)!·b!/(a + b)! = 1/(a·C(a + b, a)).
      var choices = 1.0
      for k in 0..<a { choices *= Double(a + b - k) / Double(a - k) }
      for feature in values.indices {
        let bit = UInt64(1) << UInt64(feature)
        if own & bit != 0 { values[feature] += value / (Double(a) * choices) }
        if theirs & bit != 0 { values[feature] -= value / (Double(b) * choices) }
      }
    }
  }
}
