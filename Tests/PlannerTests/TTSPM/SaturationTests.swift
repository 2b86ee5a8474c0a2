import NumericTypes
import Planner
import Testing

@Suite("Saturation of test-time compute") struct SaturationTests {
  /// The least N ≥ 1 whose next answer brings at most the gain, by trying all.
  private func scanned(_ ceiling: Double, _ chance: Double, _ least: Double) -> Int {
    var missed = 1 - chance
    for count in 1... {
      if ceiling * chance * missed <= least { return count }
      missed *= 1 - chance
    }
    return 0
  }

  @Test("N* is what a scan over N finds, boundaries included")
  func scan() throws {
    var cases = 0
    for chance in [0.001, 0.02, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 0.99, 1] {
      for ceiling in [0.3, 0.77, 1] {
        for least in [1e-5, 0.001, 0.01, 0.05, 0.2, 0.9] {
          let model = try SaturationModel(ceiling: ceiling, chance: chance)
          #expect(try model.saturation(gain: least) == scanned(ceiling, chance, least), "\(chance) \(ceiling) \(least)")
          cases += 1
        }
      }
    }
    // Gains that are exactly the bound: powers of two.
    for power in 1...40 {
      let least = 1 / Double(1 << power)
      #expect(try SaturationModel(chance: 0.5).saturation(gain: least) == scanned(1, 0.5, least))
      cases += 1
    }
    #expect(cases == 220)
    #expect(try SaturationModel(chance: 0.3).saturation(gain: 0.01) == 10)
  }

  @Test("Ends: no chance, certainty, gains that are none, chances without digits")
  func ends() throws {
    #expect(try SaturationModel(chance: 0).saturation() == nil)
    #expect(try SaturationModel(chance: 1).saturation() == 1)
    #expect(try SaturationModel(chance: 0.2, initial: 1).saturation() == nil)
    #expect(try SaturationModel(chance: 1e-17).saturation(gain: 0.99e-17) != nil)
    #expect(try SaturationModel(chance: 1e-300).saturation(gain: 1e-301) == nil)
    for least in [0, -1, Double.nan, .infinity] {
      #expect(throws: PlannerError.self) { try SaturationModel(chance: 0.3).saturation(gain: least) }
    }
    #expect(throws: PlannerError.self) { try SaturationModel(chance: 1.1) }
    #expect(throws: PlannerError.self) { try SaturationModel(ceiling: 0, chance: 0.1) }
    #expect(throws: PlannerError.self) { try SaturationModel(chance: .nan) }
  }

  @Test("Answers that are drawn, and a chain of rounds, follow the formulas within 3 standard errors")
  func monteCarlo() throws {
    var random = Random(seed: 17)
    let model = try SaturationModel(chance: 0.2, initial: 0.1)
    let rounds = 40_000
    for count in [1, 3, 8] {
      var right = 0
      for _ in 0..<rounds {
        var isRight = random.uniform() < 0.1
        for _ in 0..<count where !isRight { isRight = random.uniform() < 0.2 }
        if isRight { right += 1 }
      }
      let share = model.value(at: Double(count))
      let error = (share * (1 - share) / Double(rounds)).squareRoot()
      #expect(abs(Double(right) / Double(rounds) - share) <= 3 * error)
    }
    // A chain that also loses right answers.
    var (right, steps) = (0, 0)
    for _ in 0..<rounds {
      var isRight = random.uniform() < 0.1
      for _ in 0..<6 { isRight = isRight ? random.uniform() >= 0.05 : random.uniform() < 0.2 }
      steps += 1
      if isRight { right += 1 }
    }
    let share = try model.share(after: 6, losing: 0.05)
    let error = (share * (1 - share) / Double(steps)).squareRoot()
    #expect(abs(Double(right) / Double(steps) - share) <= 3 * error)
    #expect(abs(try model.share(after: 500, losing: 0.05) - model.fixedPoint(losing: 0.05)) < 1e-12)
    #expect(try model.fixedPoint(losing: 0.05) == 0.2 / 0.25)
  }

  @Test("pass@k is the share of subsets that hold a right answer, for all n up to 12")
  func subsets() throws {
    var cases = 0
    for n in 1...12 {
      for c in 0...n {
        for k in 1...n {
          var (all, hit) = (0, 0)
          for subset in 0..<(1 << n) where subset.nonzeroBitCount == k {
            all += 1
            // The first c answers are the right ones.
            if subset & ((1 << c) - 1) != 0 { hit += 1 }
          }
          let estimate = try PassAtK.estimate(samples: n, correct: c, k: k)
          #expect(abs(estimate - Double(hit) / Double(all)) < 1e-12)
          cases += 1
        }
      }
    }
    #expect(cases == 728)
    #expect(try PassAtK.estimate(samples: 1 << 20, correct: 1, k: 1 << 19) == 0.5)
    for (n, c, k) in [(0, 0, 1), (4, 5, 1), (4, -1, 1), (4, 1, 0), (4, 1, 5)] {
      #expect(throws: PlannerError.self) { try PassAtK.estimate(samples: n, correct: c, k: k) }
    }
  }

  @Test("A planted chance comes back from simulated answers")
  func planted() throws {
    var random = Random(seed: 23)
    let problems = try (0..<10_000).map { _ in
      try Attempts(samples: 8, correct: (0..<8).count { _ in random.uniform() < 0.2 })
    }
    let fit = try SaturationFit(problems: problems, draws: 50)
    #expect(abs(fit.model.chance - 0.2) <= 0.01, "\(fit.model)")
    #expect(fit.model.ceiling > 0.98)
    let band = try #require(fit.chanceBand)
    #expect(band.contains(fit.model.chance) && band.upperBound - band.lowerBound < 0.02)
  }

  @Test("Least squares and standard errors are scipy's")
  func golden() throws {
    let golden = try PlannerGolden.read().saturation
    let fit = try SaturationFit(zip(golden.counts, golden.scores).map { CurvePoint(count: $0, score: $1) })
    #expect(abs(fit.model.ceiling - golden.ceiling) < 1e-7 && abs(fit.model.chance - golden.chance) < 1e-7)
    let band = try #require(fit.chanceBand)
    #expect(abs((band.upperBound - band.lowerBound) / 2 / 1.96 / golden.errors[1] - 1) < 1e-4)
  }

  @Test("The mixture's ratio of beta functions is scipy's, and its gain is the difference of its values")
  func beta() throws {
    let cases = try PlannerGolden.read().beta
    #expect(cases.count == 96)
    for golden in cases {
      let model = try BetaSaturation(a: golden.a, b: golden.b)
      #expect(abs(1 - model.value(at: golden.n) - golden.missed) <= 1e-9 * golden.missed + 1e-15)
      if golden.n <= 600 {
        #expect(abs(model.value(at: golden.n + 1) - model.value(at: golden.n) - model.gain(at: golden.n)) < 1e-12)
      }
    }
    let model = try BetaSaturation(ceiling: 0.9, a: 0.4, b: 3)
    let count = try #require(try model.saturation(gain: 0.004))
    #expect(model.gain(at: Double(count)) <= 0.004 && model.gain(at: Double(count - 1)) > 0.004)
  }

  @Test("Problems of unequal difficulty: the mixture extrapolates from 8 answers to 64, one chance does not")
  func mixture() throws {
    var random = Random(seed: 29)
    // Beta(1, 4) is the smallest of four uniform numbers.
    let chances = (0..<4000).map { _ in (0..<4).reduce(1.0) { least, _ in min(least, random.uniform()) } }
    let problems = try chances.map { chance in
      try Attempts(samples: 64, correct: (0..<64).count { _ in random.uniform() < chance })
    }
    let fit = try SaturationFit(problems: problems, at: [1, 2, 4, 8], draws: 1)
    let truth = try PassAtK.coverage(problems, k: 64)
    let mixed = try #require(fit.mixture).value(at: 64)
    let plain = fit.model.value(at: 64)
    #expect(abs(mixed - truth) <= 0.05, "\(mixed) \(truth)")
    #expect(abs(plain - truth) > 2 * abs(mixed - truth), "\(plain) \(mixed) \(truth)")
  }

  @Test("Odd curves are told, bad ones refused")
  func curves() throws {
    func fit(_ points: [(Int, Double)]) throws -> SaturationFit {
      try SaturationFit(points.map { CurvePoint(count: $0.0, score: $0.1) })
    }
    #expect(try !fit([(1, 0.5), (2, 0.4), (4, 0.6)]).warnings.isEmpty)
    #expect(try fit([(1, 0.2), (2, 0.36), (4, 0.5904)]).warnings.isEmpty)
    let level = try SaturationModel(ceiling: 0.4, chance: 1)
    #expect(try fit([(1, 0.4), (8, 0.4)]).model == level)
    let curves: [[(Int, Double)]] = [
      [(1, 0.5)], [], [(1, 0.5), (1, 0.6)], [(0, 0.1), (1, 0.2)], [(1, -0.1), (2, 0.5)], [(1, 0), (2, 0)],
      [(1, 0.5), (2, 1.5)], [(1, Double.nan), (2, 0.5)],
    ]
    for bad in curves { #expect(throws: PlannerError.self) { try fit(bad) } }
    #expect(throws: PlannerError.self) { try SaturationFit(problems: []) }
    #expect(throws: PlannerError.self) { try SaturationFit(problems: [Attempts(samples: 4, correct: 1)], at: [1, 5]) }
  }

  @Test("Strategies: one round each is the parallel model, and the front rises")
  func strategies() throws {
    let parallel = try SaturationModel(ceiling: 0.9, chance: 0.3)
    let all = try TestTimeStrategy.all(
      parallel: parallel, sequential: SaturationModel(chance: 0.1), prompt: 100, answer: 200, limit: (8, 4))
    #expect(all.count == 32)
    for strategy in all where strategy.rounds == 1 {
      #expect(abs(strategy.accuracy - parallel.value(at: Double(strategy.parallel))) < 1e-12)
      #expect(strategy.reread == 0 && strategy.tokens == 200 * Double(strategy.parallel))
    }
    let front = TestTimeStrategy.frontier(all)
    #expect(zip(front, front.dropFirst()).allSatisfy { $0.cost < $1.cost && $0.accuracy < $1.accuracy })
    // A round brings less than an answer here, and costs more: rounds come when there are no more answers to be had.
    #expect(front.prefix(8).map(\.parallel) == Array(1...8) && front.prefix(8).allSatisfy { $0.rounds == 1 })
    #expect(front.dropFirst(8).allSatisfy { $0.rounds > 1 })
    #expect(throws: PlannerError.self) {
      try TestTimeStrategy.all(parallel: parallel, sequential: parallel, prompt: 1, answer: 1, limit: (0, 1))
    }
  }
}
