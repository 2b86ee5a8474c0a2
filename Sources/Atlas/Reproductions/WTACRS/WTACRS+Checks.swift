import NumericTypes
import Tensors
import Training

extension WTACRS {
  /// The sheet's oracle: a part of the suites' cases that takes a second.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: the estimator")
    return [
      try Check("mean of 20,000 draws within 4 standard errors of the sum, CRS and every c") { Self.means() },
      try Check("the adaptive c is that of the least (1 - P) / (k - c)") { Self.best() },
      try Check("dH and db are the exact layer's bits; all rows kept give the exact dW") { try Self.layer() },
    ]
  }

  /// Numbers of 32 rows whose weights differ much: a sum of one number a row, which its weight is the size of.
  private static func means() -> (passed: Bool, detail: String) {
    var random = Random(seed: 7)
    let terms = (0..<32).map { row in (2 * random.uniform() - 1) * (row.isMultiple(of: 5) ? 6 : 0.7) }
    let exact = terms.reduce(0, +)
    let draws = 20_000
    var worst = 0.0
    for estimator in [RowEstimator.columnRow, .winnerTakeAll] + (0..<8).map({ RowEstimator.certain($0) }) {
      var (sum, squares) = (0.0, 0.0)
      for _ in 0..<draws {
        let sample = RowSample(terms.map(\.magnitude), keeping: 8, estimator, leavesTail: false, random: &random)
        let value = zip(sample.rows, sample.factors).reduce(0) { $0 + terms[Int($1.0)] * Double($1.1) }
        sum += value
        squares += value * value
      }
      let mean = sum / Double(draws)
      let error = (max(0, squares / Double(draws) - mean * mean) / Double(draws)).squareRoot()
      worst = max(worst, abs(mean - exact) / max(error, 1e-9))
    }
    return (worst <= 4, "largest distance \((worst * 100).rounded() / 100) standard errors")
  }

  private static func best() -> (passed: Bool, detail: String) {
    var random = Random(seed: 8)
    var wrong = 0
    for _ in 0..<200 {
      let weights = (0..<30).map { _ in random.uniform() * random.uniform() * random.uniform() }
      let sorted = weights.sorted(by: >)
      let costs = (0..<9).map { certain -> Double in sorted[certain...].reduce(0, +) / Double(9 - certain) }
      let chosen = RowSample(weights, keeping: 9, random: &random).certain
      if costs[chosen] > (costs.min() ?? 0) * (1 + 1e-9) { wrong += 1 }
    }
    return (wrong == 0, "200 cases")
  }

  private static func layer() throws -> (passed: Bool, detail: String) {
    let context = Context(threads: 1)
    var builder = ModelBuilder(context: context, seed: 4)
    let layer = builder.within("dense") { DenseLayer(&$0, from: 24, to: 16) }
    let parameters = builder.parameters
    var random = Random(seed: 9)
    let x = context.normal([64, 24], random: &random)
    func gradients(_ ratio: Double?) throws -> [[Float]] {
      let rule = try ratio.map {
        try SampledProducts(
          parameters, WTACRSOptions(ratio: $0, cache: .none), samples: 0, rowsPerSample: 1, context: context)
      }
      return context.gradient(of: [x] + parameters.map(\.value)) { inputs in
        let pass = Pass(.training, weights: Array(inputs[1...]), buffers: [], context: context)
        pass.products = rule
        return context.sum(context.sin(layer(inputs[0], pass)))
      }.map { floats($0, context) }
    }
    let (exact, sampled, whole) = (try gradients(nil), try gradients(0.3), try gradients(1))
    let holds = sampled[0] == exact[0] && sampled[2] == exact[2] && sampled[1] != exact[1] && whole == exact
    return (holds, "64 rows from 24 to 16")
  }
}
