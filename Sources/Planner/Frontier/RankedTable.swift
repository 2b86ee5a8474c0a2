/// Rows of features with their targets; of each feature its distinct values in order, and each row's place among them.
struct RankedTable: Sendable {
  let ranks: [[Int]]
  let distinct: [[Double]]
  let targets: [Double]

  /// A table.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no rows, rows of different lengths and numbers that are not finite.
  init(_ rows: [[Double]], _ targets: [Double]) throws(PlannerError) {
    guard let width = rows.first?.count, width > 0, rows.count == targets.count else {
      throw .invalid(field: "rows", problem: "\(rows.count) rows with \(targets.count) targets")
    }
    guard rows.allSatisfy({ $0.count == width && $0.allSatisfy(\.isFinite) }), targets.allSatisfy(\.isFinite) else {
      throw .invalid(field: "rows", problem: "rows differ in length or hold what is no number")
    }
    self.targets = targets
    let columns = (0..<width).map { feature in rows.map { $0[feature] } }
    let values = columns.map { Array(Set($0)).sorted() }
    distinct = values
    ranks = zip(columns, values).map { column, values in
      let places = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
      return column.map { places[$0] ?? 0 }
    }
  }
}
