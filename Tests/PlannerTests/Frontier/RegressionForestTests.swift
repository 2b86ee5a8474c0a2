import NumericTypes
import Planner
import Testing

@Suite struct RegressionForestTests {
  /// The table of Golden/scripts/make_forest.py.
  private static func table(_ count: Int = 300) -> (rows: [[Double]], targets: [Double]) {
    let roots = [2.0, 3, 5, 7, 11, 13].map { $0.squareRoot() }
    let rows = (1...count).map { i in roots.map { (Double(i) * $0).truncatingRemainder(dividingBy: 1) } }
    let targets = rows.map { x -> Double in
      let bend = x[2] - 0.5
      return 10 * x[0] * x[1] + 20 * bend * bend + 10 * x[3] + 5 * x[4]
    }
    return (rows, targets)
  }

  /// scikit-learn's errors on the same five folds, the means of ten forests of 100 trees.
  private static let theirs = [2.7648, 2.3066, 2.5332, 2.4415, 2.8349]

  @Test func errorsAreThoseOfScikitLearn() throws {
    let (rows, targets) = Self.table()
    var random = Random(seed: 1)
    var errors: [Double] = []
    for fold in 0..<5 {
      let train = rows.indices.filter { $0 % 5 != fold }
      let forest = try RegressionForest(
        train.map { rows[$0] }, train.map { targets[$0] }, trees: 100, random: &random)
      let tests = rows.indices.filter { $0 % 5 == fold }
      let squares = tests.map { index -> Double in
        let error = forest.value(rows[index]) - targets[index]
        return error * error
      }
      errors.append(squares.reduce(0, +) / Double(tests.count))
    }
    let ratio = errors.reduce(0, +) / Self.theirs.reduce(0, +)
    #expect(abs(ratio - 1) < 0.1, "\(errors)")
    for (ours, theirs) in zip(errors, Self.theirs) { #expect(abs(ours / theirs - 1) < 0.25, "\(errors)") }
  }

  /// A single tree grown on every row once gives every row its own target.
  @Test func aTreeKnowsItsRows() throws {
    let (rows, targets) = Self.table(60)
    var random = Random(seed: 2)
    // With one distinct row a forest is its target.
    let one = try RegressionForest([rows[0]], [targets[0]], trees: 3, random: &random)
    #expect(one.value(rows[5]) == targets[0] && one.estimate(rows[5]).deviation == 0)
    let forest = try RegressionForest(rows, targets, trees: 50, random: &random)
    for (row, target) in zip(rows, targets) {
      let estimate = forest.estimate(row)
      #expect(abs(estimate.mean - forest.value(row)) < 1e-12)
      #expect(abs(estimate.mean - target) < 6)
    }
    var again = Random(seed: 2)
    _ = try RegressionForest([rows[0]], [targets[0]], trees: 3, random: &again)
    #expect(try RegressionForest(rows, targets, trees: 50, random: &again) == forest)
  }

  @Test func contributionsAddUpAndAreThoseOfAllCoalitions() throws {
    let (rows, targets) = Self.table(80)
    var random = Random(seed: 3)
    for features in [1, 2, 4, 6] {
      let cut = rows.map { Array($0.prefix(features)) }
      let forest = try RegressionForest(cut, targets, trees: 12, random: &random)
      let others = Array(cut.suffix(20))
      let mean = others.reduce(0) { $0 + forest.value($1) } / 20
      for row in cut.prefix(4) {
        let found = try ShapleyValues.of(row, in: forest, beside: others)
        #expect(abs(found.reduce(0, +) - (forest.value(row) - mean)) < 1e-6)
        let expected = Self.enumerated(row, others) { forest.value($0) }
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-9, "\(features): \(found) \(expected)") }
      }
    }
  }

  /// Shapley's own definition: every coalition's value with and without each feature.
  private static func enumerated(
    _ row: [Double], _ others: [[Double]], _ value: ([Double]) -> Double
  ) -> [Double] {
    let count = row.count
    func isIn(_ feature: Int, _ coalition: Int) -> Bool { (coalition >> feature) & 1 == 1 }
    var worth: [Double] = []
    for coalition in 0..<(1 << count) {
      var sum = 0.0
      for other in others {
        sum += value((0..<count).map { feature -> Double in isIn(feature, coalition) ? row[feature] : other[feature] })
      }
      worth.append(sum / Double(others.count))
    }
    func factorial(_ n: Int) -> Double { (0..<n).reduce(1.0) { product, k in product * Double(k + 1) } }
    var values = [Double](repeating: 0, count: count)
    for feature in 0..<count {
      for coalition in 0..<(1 << count) where !isIn(feature, coalition) {
        let size = coalition.nonzeroBitCount
        let weight: Double = factorial(size) * factorial(count - size - 1) / factorial(count)
        values[feature] += weight * (worth[coalition | (1 << feature)] - worth[coalition])
      }
    }
    return values
  }

  @Test func whatIsNoTableIsRefused() throws {
    var random = Random(seed: 4)
    for (rows, targets) in [
      ([[Double]](), [Double]()), ([[1]], []), ([[1], [1, 2]], [1, 2]), ([[.nan]], [1]), ([[1]], [.infinity]),
      ([[]], [1]),
    ] {
      #expect(throws: PlannerError.self) { try RegressionForest(rows, targets, random: &random) }
    }
    #expect(throws: PlannerError.self) { try RegressionForest([[1]], [1], trees: 0, random: &random) }
    #expect(throws: PlannerError.self) { try RegressionForest([[1]], [1], trees: .max, random: &random) }
    let forest = try RegressionForest([[1], [2]], [1, 2], trees: 2, random: &random)
    #expect(throws: PlannerError.self) { try ShapleyValues.of([1], in: forest, beside: []) }
    #expect(throws: PlannerError.self) { try ShapleyValues.of([1], in: forest, beside: [[1, 2]]) }
    #expect(throws: PlannerError.self) { try ShapleyValues.sensitivities(of: forest, over: []) }
  }
}
