import NumericTypes
import Planner
import Testing

@Suite("Curves of reinforcement learning") struct ComputeCurveTests {
  private func points(_ curve: ComputeCurve, from low: Double, to high: Double, _ count: Int) -> [ComputePoint] {
    (0..<count).map { index in
      var compute = low
      // A geometric row without a logarithm: each is the one before times the root of the ratio.
      let ratio = high / low
      var (power, part) = (ratio, Double(index) / Double(count - 1))
      for _ in 0..<60 {
        power = power.squareRoot()
        part *= 2
        if part >= 1 {
          compute *= power
          part -= 1
        }
      }
      return ComputePoint(compute: compute, rate: curve.value(at: compute))
    }
  }

  /// A normal number by the sum of twelve uniform ones.
  private func normal(_ random: inout Random) -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() } }

  @Test("Points without noise give the curve back")
  func noiseless() throws {
    for (ceiling, steepness, middle, initial) in [
      (0.61, 1.5, 3000.0, 0.2), (0.713, 0.8, 900, 0.35), (0.52, 2.5, 5000, 0.1), (0.95, 1, 40, 0),
    ] {
      let curve = try ComputeCurve(initial: initial, ceiling: ceiling, steepness: steepness, middle: middle)
      let fit = try ComputeCurveFit(points(curve, from: middle / 10, to: middle * 4, 25), initial: initial)
      #expect(abs(fit.curve.ceiling - ceiling) <= 0.005, "\(fit.curve)")
      #expect(abs(fit.curve.steepness / steepness - 1) <= 0.02)
      #expect(abs(fit.curve.middle / middle - 1) <= 0.02)
      #expect(fit.residual < 1e-6)
    }
  }

  @Test("Noisy points give what scipy's least squares give that start at the truth")
  func golden() throws {
    let cases = try PlannerGolden.read().computeCurves
    #expect(cases.count == 4)
    for golden in cases {
      let rows = zip(golden.compute, golden.rates).map { ComputePoint(compute: $0, rate: $1) }
      let fit = try ComputeCurveFit(rows, initial: golden.initial, skip: .none)
      #expect(abs(fit.curve.ceiling - golden.ceiling) < 1e-5, "\(fit.curve) \(golden.ceiling)")
      #expect(abs(fit.curve.steepness / golden.steepness - 1) < 1e-4)
      #expect(abs(fit.curve.middle / golden.middle - 1) < 1e-4)
      let squares = fit.residual * fit.residual * Double(rows.count)
      #expect(squares <= golden.squares * (1 + 1e-9))
    }
  }

  @Test("Noise of 0.01: what 30 points tell of the ceiling depends on how much of the gain they cover")
  func noise() throws {
    let curve = try ComputeCurve(initial: 0.2, ceiling: 0.61, steepness: 1.5, middle: 3000)
    var random = Random(seed: 41)
    func share(covering part: Double, _ trials: Int) throws -> Double {
      let end = try #require(curve.compute(for: 0.2 + part * 0.41))
      var near = 0
      for _ in 0..<trials {
        let noisy = points(curve, from: end / 30, to: end, 30).map { point in
          ComputePoint(compute: point.compute, rate: min(1, max(0, point.rate + 0.01 * normal(&random))))
        }
        let fit = try ComputeCurveFit(noisy, initial: 0.2, skip: .none)
        if abs(fit.curve.ceiling - 0.61) <= 0.03 { near += 1 }
      }
      return Double(near) / Double(trials)
    }
    // Least squares that start at the truth do no better: 0.3 at 60 % of the gain, all at 90 %.
    #expect(try share(covering: 0.9, 40) >= 0.9)
    #expect(try share(covering: 0.6, 40) < 0.9)
  }

  @Test("The first half foretells the end; a power law does worse")
  func extrapolation() throws {
    let curve = try ComputeCurve(initial: 0.25, ceiling: 0.7, steepness: 1.8, middle: 2000)
    let all = points(curve, from: 100, to: 16_000, 60)
    let half = all.filter { $0.compute <= 8000 }
    let fit = try ComputeCurveFit(half, initial: 0.25, draws: 50)
    let law = try ComputePowerLaw(fit.points)
    let end = curve.value(at: 16_000)
    #expect(abs(fit.curve.value(at: 16_000) - end) < 1e-4)
    #expect(abs(law.value(at: 16_000) - end) > 10 * abs(fit.curve.value(at: 16_000) - end))
    let band = try #require(fit.band(at: 16_000))
    #expect(band.lowerBound <= end + 1e-6 && band.upperBound >= end - 1e-6)
    // A power law's own points give it back.
    let rows = [100.0, 200, 400, 900, 2000, 5000].map { ComputePoint(compute: $0, rate: 0.8 - 6 / $0.squareRoot()) }
    let own = try ComputePowerLaw(rows)
    #expect(abs(own.ceiling - 0.8) < 1e-6 && abs(own.exponent - 0.5) < 1e-5 && abs(own.scale - 6) < 1e-3)
  }

  @Test("Rates and compute are inverse; the log odds are a line of slope B")
  func views() throws {
    let curve = try ComputeCurve(initial: 0.1, ceiling: 0.6, steepness: 2, middle: 1000)
    #expect(abs(curve.value(at: 1000) - 0.35) < 1e-15)
    #expect(curve.value(at: 0) == 0.1)
    for rate in [0.15, 0.35, 0.599] {
      let compute = try #require(curve.compute(for: rate))
      #expect(abs(curve.value(at: compute) - rate) < 1e-12)
    }
    #expect(curve.compute(for: 0.6) == nil && curve.compute(for: 0.1) == nil)
    let low = try #require(curve.logOdds(of: curve.value(at: 500)))
    let high = try #require(curve.logOdds(of: curve.value(at: 2000)))
    #expect(abs((high - low) / (2 * 0.693147180559945) - 2) < 1e-9)
    #expect(curve.logOdds(of: 0.7) == nil)
  }

  @Test("Which curve overtakes which, and where")
  func overtaking() throws {
    let quick = try ComputeCurve(initial: 0.2, ceiling: 0.5, steepness: 2, middle: 500)
    let high = try ComputeCurve(initial: 0.2, ceiling: 0.7, steepness: 1.2, middle: 4000)
    let place = try #require(try high.overtaking(quick, in: 10...1e6))
    #expect(abs(high.value(at: place) - quick.value(at: place)) < 1e-9)
    #expect(high.value(at: place * 1.01) > quick.value(at: place * 1.01))
    #expect(try quick.overtaking(high, in: 5000...1e6) == nil)
    #expect(throws: PlannerError.self) { try quick.overtaking(high, in: 0...1) }
  }

  @Test("Streaming: all devices are busy; in turns the longest answer is waited for")
  func pipeline() throws {
    let even = try ReinforcementPipeline(generation: 60, training: 40)
    #expect(try even.alternating(devices: 10) == 10)
    let streaming = try even.streaming(devices: 10)
    #expect(streaming.generators == 6 && streaming.seconds == 10)
    let waiting = try ReinforcementPipeline(generation: 60, training: 40, straggling: 2)
    #expect(try waiting.alternating(devices: 10) == 16)
    #expect(try waiting.streaming(devices: 10).seconds == 10)
    // By trying all.
    for (generation, training, devices) in [(3.0, 97.0, 7), (50, 50, 2), (80, 3, 9), (1, 2, 64)] {
      let pipeline = try ReinforcementPipeline(generation: generation, training: training)
      let best = (1..<devices).map { max(generation / Double($0), training / Double(devices - $0)) }.min()
      #expect(try pipeline.streaming(devices: devices).seconds == best)
    }
    #expect(throws: PlannerError.self) { try even.streaming(devices: 1) }
    #expect(throws: PlannerError.self) { try even.alternating(devices: 0) }
    #expect(throws: PlannerError.self) { try ReinforcementPipeline(generation: 0, training: 1) }
    #expect(throws: PlannerError.self) { try ReinforcementPipeline(generation: 1, training: 1, straggling: 0.5) }
  }

  @Test("Runs that cannot be fitted are refused")
  func refusals() throws {
    let good = (1...8).map { ComputePoint(compute: Double($0) * 100, rate: 0.2 + 0.05 * Double($0)) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(Array(good.prefix(4)), initial: 0.1) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(good, initial: 0.9) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(good, initial: -0.1) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(good, initial: .nan) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(good, initial: 0.1, draws: -1) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(good, initial: 0.1, skip: .below(1e9)) }
    let flat = good.map { ComputePoint(compute: $0.compute, rate: 0.4) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(flat, initial: 0.1) }
    let still = good.map { ComputePoint(compute: 5, rate: $0.rate) }
    #expect(throws: PlannerError.self) { try ComputeCurveFit(still, initial: 0.1) }
    for bad in [
      ComputePoint(compute: 0, rate: 0.3), ComputePoint(compute: 1, rate: 1.2), ComputePoint(compute: .nan, rate: 0.3),
    ] {
      #expect(throws: PlannerError.self) { try ComputeCurveFit(good + [bad], initial: 0.1) }
      #expect(throws: PlannerError.self) { try ComputePowerLaw(good + [bad]) }
    }
    #expect(throws: PlannerError.self) { try ComputeCurve(initial: 0.5, ceiling: 0.5, steepness: 1, middle: 1) }
    #expect(throws: PlannerError.self) { try ComputeCurve(initial: 0.5, ceiling: 0.6, steepness: 0, middle: 1) }
  }
}
