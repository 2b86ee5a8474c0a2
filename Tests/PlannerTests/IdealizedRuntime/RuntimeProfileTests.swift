import Costs
import NumericTypes
import Planner
import Testing

@Suite("Idealized runtime") struct RuntimeProfileTests {
  private static let prompts = [(1, 0.011), (256, 0.02), (512, 0.041), (1024, 0.088), (2048, 0.2)]

  private func truth(_ prompt: Int, _ first: Double, _ output: Int, _ g0: Double, _ g1: Double) -> Double {
    // A loop over the tokens after the first: g₀ and g₁ for each of context.
    var seconds = first
    for token in 1..<max(1, output) { seconds += g0 + g1 * Double(prompt + token) }
    return seconds
  }

  private func observations(_ g0: Double, _ g1: Double, repetitions: Int, noise: (Double) -> Double)
    -> [RuntimeObservation]
  {
    var rows: [RuntimeObservation] = []
    for (prompt, first) in Self.prompts {
      for output in [1, 16, 64, 128] {
        for _ in 0..<repetitions {
          let seconds = truth(prompt, first, output, g0, g1)
          rows.append(RuntimeObservation(prompt: prompt, output: output, seconds: seconds + noise(seconds)))
        }
      }
    }
    return rows
  }

  @Test("Without noise the fit is exact")
  func noiseless() throws {
    let profile = try RuntimeProfile(fitting: observations(0.008, 2e-6, repetitions: 1) { _ in 0 })
    #expect(abs(profile.token / 0.008 - 1) < 1e-9 && abs(profile.contextToken / 2e-6 - 1) < 1e-9)
    for (knot, (prompt, first)) in zip(profile.knots, Self.prompts) {
      #expect(knot.prompt == prompt && abs(knot.seconds / first - 1) < 1e-9)
    }
    #expect(profile.rSquared > 1 - 1e-9 && profile.worstResidual < 1e-9)
    #expect(abs(try profile.seconds(prompt: 512, output: 100) - truth(512, 0.041, 100, 0.008, 2e-6)) < 1e-12)
  }

  @Test("Contention of half the time on the average: the beginning recovers within 3 %, the mean does not")
  func contention() throws {
    var random = Random(seed: 43)
    // An exponential number by halving: the bits before the first one, and a uniform part.
    func exponential(_ mean: Double) -> Double {
      var whole = 0.0
      while random.uniform() < 0.5 { whole += 1 }
      // Of (−ln 2 … 0] by rejection: e^−x of a uniform x.
      while true {
        let x = random.uniform() * 0.6931471805599453
        var (term, sum) = (1.0, 1.0)
        for k in 1..<20 {
          term *= -x / Double(k)
          sum += term
        }
        if random.uniform() < sum { return mean * (whole * 0.6931471805599453 + x) }
      }
    }
    let rows = observations(0.008, 2e-6, repetitions: 20) { 0.5 * exponential($0) }
    func errors(_ denoising: Denoising) throws -> (token: Double, knots: Double) {
      let profile = try RuntimeProfile(fitting: rows, denoising: denoising)
      let knots = zip(profile.knots, Self.prompts).map { abs($0.seconds / $1.1 - 1) }
      // g at the middle of the grid.
      let g = (profile.token + profile.contextToken * 800) / (0.008 + 2e-6 * 800) - 1
      return (abs(g), knots.reduce(0, +) / Double(knots.count))
    }
    let beginning = try errors(.beginning)
    let mean = try errors(.mean)
    #expect(beginning.token <= 0.03 && beginning.knots <= 0.03, "\(beginning)")
    #expect(mean.token > 0.3 && mean.knots > 0.3, "\(mean)")
  }

  @Test("Defined ends: no prompt, no output, beyond the last knot, one knot, times that fall")
  func ends() throws {
    let profile = try RuntimeProfile(fitting: observations(0.008, 0, repetitions: 1) { _ in 0 })
    #expect(try profile.seconds(prompt: 0, output: 0) == profile.knots[0].seconds)
    #expect(try profile.seconds(prompt: 0, output: 1) == profile.knots[0].seconds)
    #expect(abs(profile.promptSeconds(4096) - (0.2 + (0.2 - 0.088) * 2)) < 1e-9)
    #expect(abs(profile.promptSeconds(768) - (0.041 + 0.088) / 2) < 1e-9)
    let one = try RuntimeProfile(
      fitting: [(1, 1.0), (11, 2)].map { RuntimeObservation(prompt: 5, output: $0, seconds: $1) })
    #expect(abs(try one.seconds(prompt: 900, output: 21) - 3) < 1e-12)
    // A second output length that is faster: g is 0, never below.
    let falling = try RuntimeProfile(
      fitting: [(1, 2.0), (11, 1)].map { RuntimeObservation(prompt: 5, output: $0, seconds: $1) })
    #expect(falling.token == 0)
    #expect(throws: PlannerError.self) {
      try RuntimeProfile(fitting: [RuntimeObservation(prompt: 5, output: 5, seconds: 1)])
    }
    #expect(throws: PlannerError.self) { try RuntimeProfile(fitting: []) }
    for bad in [(-1, 1, 1.0), (1, -1, 1), (1, 1, 0), (1, 1, Double.nan), (Int.max, 1, 1)] {
      #expect(throws: PlannerError.self) {
        try RuntimeProfile(
          fitting: [
            RuntimeObservation(prompt: 5, output: 1, seconds: 1), RuntimeObservation(prompt: 5, output: 9, seconds: 2),
            RuntimeObservation(prompt: bad.0, output: bad.1, seconds: bad.2),
          ])
      }
    }
    #expect(throws: PlannerError.self) { try profile.seconds(prompt: -1, output: 1) }
    #expect(throws: PlannerError.self) { try RuntimeProfile(knots: [], token: 1) }
    #expect(throws: PlannerError.self) { try RuntimeProfile(knots: [.init(prompt: 1, seconds: 1)], token: -1) }
  }

  @Test("The curve of prompts: flat, straight, bent")
  func curve() throws {
    let truth = PromptCurve(floor: 0.02, start: 0.005, token: 1e-4, pair: 2e-9)
    let knots = [1, 64, 128, 256, 512, 1024, 2048, 4096].map {
      RuntimeProfile.Knot(prompt: $0, seconds: truth.seconds($0))
    }
    let curve = try PromptCurve(fitting: knots)
    for prompt in [1, 100, 700, 3000, 8000] { #expect(abs(curve.seconds(prompt) / truth.seconds(prompt) - 1) < 1e-6) }
    #expect(throws: PlannerError.self) { try PromptCurve(fitting: Array(knots.prefix(3))) }
  }

  @Test("Money and joules are exact arithmetic, and the front is brute force's")
  func cost() throws {
    let profile = try RuntimeProfile(knots: [.init(prompt: 1, seconds: 2)], token: 0.5)
    let workload = try RuntimeWorkload([.init(prompt: 10, output: 5, count: 3), .init(prompt: 1, output: 0)])
    let cost = try workload.cost(profile, devices: 8, price: 1.1, watts: 400)
    #expect(cost.seconds == 3 * 4 + 2)
    let (dollars, joules): (Double, Double) = (14 * 8 * 1.1 / 3600, 14 * 8 * 400)
    let paid = try #require(cost.dollars)
    #expect(abs(paid - dollars) < 1e-15)
    #expect(cost.joules == joules)
    #expect(try workload.cost(profile).dollars == nil)
    #expect(throws: PlannerError.self) { try RuntimeWorkload([]) }
    #expect(throws: PlannerError.self) { try RuntimeWorkload([.init(prompt: 1, output: 1, count: 0)]) }
    #expect(throws: PlannerError.self) { try workload.cost(profile, devices: 0) }
    #expect(throws: PlannerError.self) { try workload.cost(profile, price: -1) }
  }

  @Test("Parts that are planted in rows come back, and the overlap with them")
  func stack() throws {
    let predictions = try IdealizedRuntimePrediction.predictions()
    #expect(predictions.count == 2 * (7 + 5))
    let device = try DeviceCatalogue.published.device("A100")
    let model = try IdealizedRuntimePrediction.llama2()
    for overlap in ReferenceStack.Overlap.allCases {
      let planted = try ReferenceStack(
        model, on: device, devices: 2, efficiency: Efficiency(compute: 0.63, memory: 0.71), overlap: overlap)
      let rows = [128, 512, 2048, 8192].map {
        ReferenceRow(prompt: $0, promptSeconds: planted.promptSeconds($0), tokenSeconds: planted.tokenSeconds($0 + 64))
      }
      let fit = try ReferenceStack.fitted(model, on: device, devices: 2, rows: rows)
      #expect(fit.stack.overlap == overlap)
      #expect(abs(fit.stack.efficiency.compute - 0.63) < 1e-5 && abs(fit.stack.efficiency.memory - 0.71) < 1e-5)
    }
    #expect(throws: PlannerError.self) { try ReferenceStack(model, on: device, devices: 0) }
    #expect(throws: PlannerError.self) { try ReferenceStack.fitted(model, on: device, devices: 2, rows: []) }
    let alone = try DeviceCatalogue.published.device("L4")
    #expect(throws: PlannerError.self) { try ReferenceStack(model, on: alone, devices: 2) }
  }
}
