import NumericTypes
import Planner
import Testing

@Suite("Fits") struct FittingTests {
  private func near(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test("Weighted least squares are numpy's, with the inverse of the normal matrix")
  func linear() throws {
    let cases = try PlannerGolden.read().linear
    #expect(cases.count == 4)
    for golden in cases {
      let fit = try LinearFit(rows: golden.rows, values: golden.values, weights: golden.weights)
      for (ours, theirs) in zip(fit.coefficients, golden.coefficients) {
        #expect(abs(ours - theirs) <= 1e-9 * max(abs(theirs), 1e-9), "\(ours) \(theirs)")
      }
      #expect(near(fit.squares, golden.squares, 1e-9))
      for (ours, theirs) in zip(fit.inverseNormal.joined(), golden.inverseNormal.joined()) {
        #expect(abs(ours - theirs) <= 1e-7 * max(abs(theirs), 1e-20), "\(ours) \(theirs)")
      }
    }
  }

  @Test("Fits without negative coefficients are scipy's")
  func nonnegative() throws {
    var withZero = 0
    for golden in try PlannerGolden.read().linear {
      guard golden.nonnegative.contains(where: { $0 > 0 }) else { continue }
      let fit = try LinearFit.nonnegative(rows: golden.rows, values: golden.values, weights: golden.weights)
      if golden.nonnegative.contains(0) { withZero += 1 }
      for (ours, theirs) in zip(fit.coefficients, golden.nonnegative) {
        #expect(abs(ours - theirs) <= 1e-8 * max(abs(theirs), 1e-9), "\(ours) \(theirs)")
      }
    }
    #expect(withZero > 0)
  }

  @Test("An exact combination is found, and what cannot be fitted is refused")
  func refusals() throws {
    let rows = [[1.0, 0], [1, 1], [1, 2], [1, 5]]
    let fit = try LinearFit(rows: rows, values: rows.map { 3 - 2 * $0[1] })
    #expect(abs(fit.coefficients[0] - 3) < 1e-13 && abs(fit.coefficients[1] + 2) < 1e-13)
    #expect(fit.squares < 1e-24 && fit.rSquared > 1 - 1e-12)
    #expect(throws: PlannerError.self) { try LinearFit(rows: rows, values: [1, 2]) }
    #expect(throws: PlannerError.self) { try LinearFit(rows: [[1.0, 2]], values: [1]) }
    #expect(throws: PlannerError.self) { try LinearFit(rows: [[1.0, 2], [2, 4], [3, 6]], values: [1, 2, 3]) }
    #expect(throws: PlannerError.self) { try LinearFit(rows: [[0.0], [0]], values: [1, 2]) }
    #expect(throws: PlannerError.self) { try LinearFit(rows: [[.nan], [1]], values: [1, 2]) }
    #expect(throws: PlannerError.self) { try LinearFit(rows: [], values: []) }
    #expect(throws: PlannerError.self) { try LinearFit(rows: rows, values: [1, 2, 3, 4], weights: [1, 0, 1, 1]) }
    #expect(throws: PlannerError.self) { try LinearFit.nonnegative(rows: [[1.0], [1]], values: [-1, -2]) }
  }

  @Test("Levenberg–Marquardt finds planted parameters, also at a bound")
  func curves() throws {
    let places = (0..<20).map { Double($0) / 4 }
    func exponential(_ p: [Double]) -> [Double] { places.map { p[0] * (1 - 1 / (1 + p[1] * $0)) } }
    let wanted = exponential([2.5, 0.7])
    let fit = try CurveFit(start: [1, 5], bounds: [0...10, 0...10]) { p in
      zip(exponential(p), wanted).map { $0 - $1 }
    }
    #expect(abs(fit.parameters[0] - 2.5) < 1e-7 && abs(fit.parameters[1] - 0.7) < 1e-7, "\(fit)")
    let bounded = try CurveFit(start: [1, 5], bounds: [0...2, 0...10]) { p in
      zip(exponential(p), wanted).map { $0 - $1 }
    }
    #expect(bounded.parameters[0] == 2)
    #expect(throws: PlannerError.self) { try CurveFit(start: [3], bounds: [0...1]) { _ in [1] } }
    #expect(throws: PlannerError.self) { try CurveFit(start: [0.5], bounds: [0...1]) { _ in [.nan] } }
  }

  @Test("The middle of draws holds the mean as often as it says")
  func bootstrap() throws {
    var random = Random(seed: 3)
    var held = 0
    for round in 0..<200 {
      // Means of 30 uniform numbers, whose true mean is 0.5.
      let values = (0..<30).map { _ in random.uniform() }
      let means = try Bootstrap.estimates(count: 30, draws: 300, seed: UInt64(round)) { places in
        [places.reduce(0) { $0 + values[$1] } / 30]
      }
      let band = try #require(Bootstrap.band(means.map { $0[0] }))
      if band.contains(0.5) { held += 1 }
    }
    // 95 % less what the percentile bootstrap is short of with 30 values; 3 standard errors are 9 rounds.
    #expect((175...198).contains(held), "\(held) of 200")
    #expect(Bootstrap.band([]) == nil)
    #expect(throws: PlannerError.self) { try Bootstrap.estimates(count: 0, draws: 1) { _ in [] } }
    #expect(throws: PlannerError.self) { try Bootstrap.estimates(count: 1, draws: 1 << 30) { _ in [] } }
  }

  @Test("The front is what brute force leaves")
  func front() {
    var random = Random(seed: 5)
    for count in [0, 1, 2, 40, 200] {
      let points = (0..<count).map { _ in
        (cost: (random.uniform() * 20).rounded(), value: (random.uniform() * 20).rounded())
      }
      let front = ParetoFront.indices(points)
      let brute = points.indices.filter { place in
        !points.indices.contains { other in
          let (a, b) = (points[other], points[place])
          let isBetter = a.cost <= b.cost && a.value >= b.value && (a.cost < b.cost || a.value > b.value)
          // Of equal points the first.
          return isBetter || (a.cost == b.cost && a.value == b.value && other < place)
        }
      }
      #expect(Set(front) == Set(brute))
      #expect(front.map { points[$0].cost } == front.map { points[$0].cost }.sorted())
    }
    #expect(ParetoFront.indices([(.nan, 1), (1, 1)]) == [1])
  }
}
