import Tensors
import Testing
import Training

/// The sheet's oracle of the estimator itself, against sums in Double.
@Suite struct RowSampleTests {
  /// h [N, 3] and g [N, 2] with norms that differ much, and the weights ‖hᵢ‖ ‖gᵢ‖.
  struct Terms {
    let h: [[Double]]
    let g: [[Double]]

    init(_ count: Int, seed: UInt64, spread: Double = 4) {
      var random = Random(seed: seed)
      func row(_ width: Int) -> [Double] { (0..<width).map { _ in 2 * random.uniform() - 1 } }
      h = (0..<count).map { index in row(3).map { $0 * (index.isMultiple(of: 7) ? spread : 1) } }
      g = (0..<count).map { index in row(2).map { $0 * (index.isMultiple(of: 5) ? spread : 0.5) } }
    }

    var weights: [Double] {
      zip(h, g).map { h, g in
        (h.reduce(0) { $0 + $1 * $1 } * g.reduce(0) { $0 + $1 * $1 }).squareRoot()
      }
    }

    func term(_ row: Int, _ factor: Double = 1) -> [Double] {
      h[row].flatMap { h in g[row].map { h * $0 * factor } }
    }

    func sum(_ rows: some Sequence<Int>) -> [Double] {
      rows.reduce([Double](repeating: 0, count: 6)) { sum, row in zip(sum, term(row)).map(+) }
    }

    func estimate(_ sample: RowSample) -> [Double] {
      zip(sample.rows, sample.factors).reduce([Double](repeating: 0, count: 6)) { sum, pair in
        zip(sum, term(Int(pair.0), Double(pair.1))).map(+)
      }
    }
  }

  /// Mean and variance of each element over draws.
  static func moments(
    _ terms: Terms, _ estimator: RowEstimator, count: Int, draws: Int, seed: UInt64
  ) -> (mean: [Double], variance: [Double]) {
    var random = Random(seed: seed)
    let weights = terms.weights
    var (sum, squares) = ([Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6))
    for _ in 0..<draws {
      let value = terms.estimate(RowSample(weights, keeping: count, estimator, leavesTail: false, random: &random))
      for (index, value) in value.enumerated() {
        sum[index] += value
        squares[index] += value * value
      }
    }
    let mean = sum.map { $0 / Double(draws) }
    return (mean, zip(squares, mean).map { max(0, $0 / Double(draws) - $1 * $1) })
  }

  static let estimators: [RowEstimator] = [.columnRow, .winnerTakeAll] + (0..<8).map { .certain($0) }

  @Test(arguments: estimators.indices)
  func theMeanIsTheSum(_ index: Int) {
    let terms = Terms(32, seed: 3)
    let draws = 20_000
    let (mean, variance) = Self.moments(
      terms, Self.estimators[index], count: 8, draws: draws, seed: UInt64(index) + 100)
    for (element, exact) in terms.sum(0..<32).enumerated() {
      let error = (variance[element] / Double(draws)).squareRoot()
      #expect(abs(mean[element] - exact) <= 4 * error + 1e-9, "\(Self.estimators[index]), element \(element)")
    }
  }

  /// The heaviest rows alone are biased: the test above would see it.
  @Test func theHeaviestAloneAreNot() {
    let terms = Terms(32, seed: 3)
    let (mean, variance) = Self.moments(terms, .heaviest, count: 8, draws: 10, seed: 1)
    #expect(variance.allSatisfy { $0 < 1e-12 })
    #expect(zip(mean, terms.sum(0..<32)).contains { abs($0 - $1) > 0.05 })
  }

  /// Σ over elements of the variance, by the formula: with A the weights' sum, ((1 − P)² A² − ‖Σ drawn terms‖²) / (k − c).
  static func variance(_ terms: Terms, count: Int, certain: Int) -> Double {
    let weights = terms.weights
    let order = weights.indices.sorted { weights[$0] > weights[$1] }
    let tail = order[certain...].reduce(0) { $0 + weights[$1] }
    let rest = terms.sum(order[certain...]).reduce(0) { $0 + $1 * $1 }
    return (tail * tail - rest) / Double(count - certain)
  }

  @Test func theVarianceIsTheFormulas() {
    let terms = Terms(32, seed: 5, spread: 8)
    func measured(_ estimator: RowEstimator) -> Double {
      Self.moments(terms, estimator, count: 8, draws: 20_000, seed: 17).variance.reduce(0, +)
    }
    let plain = measured(.columnRow)
    for certain in [2, 4, 6] {
      let ratio = measured(.certain(certain)) / plain
      let formula =
        Self.variance(terms, count: 8, certain: certain) / Self.variance(terms, count: 8, certain: 0)
      #expect(abs(ratio / formula - 1) < 0.05, "c = \(certain): \(ratio), by the formula \(formula)")
    }
  }

  @Test func theBestSplitIsThatOfBruteForce() {
    var random = Random(seed: 11)
    for _ in 0..<200 {
      let total = random.integer(2...40)
      let count = random.integer(1...total - 1)
      let power = random.uniform() * 6
      let weights = (0..<total).map { _ in
        (0..<Int(power)).reduce(random.uniform()) { value, _ in value * random.uniform() * 2 }
      }
      let sorted = weights.sorted(by: >)
      let whole = weights.reduce(0, +)
      let costs = (0..<count).map { certain in
        (whole - sorted[..<certain].reduce(0, +)) / whole / Double(count - certain)
      }
      let sample = RowSample(weights, keeping: count, random: &random)
      #expect(costs[sample.certain] <= (costs.min() ?? 0) * (1 + 1e-9))
      #expect(Set(sample.rows[..<sample.certain]).count == sample.certain)
    }
  }

  @Test func oddWeightsAreFinite() {
    var random = Random(seed: 2)
    let cases: [(String, [Double], Int)] = [
      ("zeros", [0, 0, 0, 0], 2), ("equal", [1, 1, 1, 1, 1], 3), ("one dominates", [1e30, 1e-30, 1e-30, 0], 2),
      ("one row", [3], 1), ("one row of nothing", [0], 1), ("all but one are 0", [0, 0, 5, 0], 3),
      ("all rows", [1, 2, 3], 3),
    ]
    for (name, weights, count) in cases {
      for estimator in [RowEstimator.winnerTakeAll, .columnRow, .heaviest] {
        let sample = RowSample(weights, keeping: count, estimator, random: &random)
        #expect(sample.rows.count == count && sample.factors.count == count, "\(name), \(estimator)")
        #expect(sample.factors.allSatisfy { $0.isFinite && $0 >= 0 }, "\(name), \(estimator): \(sample.factors)")
        #expect(sample.rows.allSatisfy { weights.indices.contains(Int($0)) } && sample.deviation.isFinite)
      }
    }
    #expect(RowSample([1, 1, 1, 1], keeping: 2, random: &random).certain == 0, "equal norms gain nothing")
    let dominated = RowSample([1e30, 1e-30, 1e-30, 0], keeping: 2, random: &random)
    #expect(dominated.certain == 1 && dominated.factors == [1, 0], "a tail of nothing is left out")
    let kept = RowSample([1e4, 1, 1], keeping: 2, leavesTail: false, random: &random)
    #expect(kept.certain == 1 && kept.factors[1] == 2)
  }
}

extension Random {
  /// A whole number of a range.
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(uniform() * Double(range.count))
  }
}
