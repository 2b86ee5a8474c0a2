import NumericTypes
import Planner
import Profiling

/// The Art of Scaling Reinforcement Learning Compute for LLMs, 2025, arXiv 2510.13786.
///
/// Curves of simulated runs: what the fit recovers, how much of the gain must be seen, and how it extrapolates beside a power law.
public struct ScaleRL: Reproduction {
  /// The sheet's number.
  public static let number = 61

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the training recipe: CISPO and the other losses with their gradients, streaming generation, forced interruptions, 32-bit logits",
    "runs of a small transformer on tasks that can be checked, to saturation, and what their first half foretells",
    "which of the paper's runs overtakes which, and where: their B and C_mid were not had in numbers",
  ]

  /// The experiment.
  public init() {}

  /// A number of mean 0 and variance 1, by the sum of twelve uniform ones.
  private static func normal(_ random: inout Random) -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() }
  }

  /// Points at compute that grows by the same factor each time.
  private static func points(
    _ curve: ComputeCurve, to end: Double, factor: Double, _ count: Int, noise: Double, _ random: inout Random
  ) -> [ComputePoint] {
    var compute = end
    var points: [ComputePoint] = []
    for _ in 0..<count {
      let rate = curve.value(at: compute) + (noise > 0 ? noise * normal(&random) : 0)
      points.append(ComputePoint(compute: compute, rate: min(1, max(0, rate))))
      compute /= factor
    }
    return points.reversed()
  }

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: curves without noise")
    return [
      try Check("curves without noise come back: A within 0.005, B and C_mid within 2 %") {
        var random = Random(seed: 1)
        var worst = (0.0, 0.0)
        for (ceiling, steepness, initial) in [(0.61, 1.5, 0.2), (0.71, 0.8, 0.35), (0.52, 2.5, 0.1), (0.95, 1, 0)] {
          let curve = try ComputeCurve(initial: initial, ceiling: ceiling, steepness: steepness, middle: 3000)
          let rows = Self.points(curve, to: 12_000, factor: 1.16, 30, noise: 0, &random)
          let fit = try ComputeCurveFit(rows, initial: initial).curve
          worst.0 = max(worst.0, abs(fit.ceiling - ceiling))
          worst.1 = max(worst.1, abs(fit.steepness / steepness - 1), abs(fit.middle / 3000 - 1))
        }
        return (worst.0 <= 0.005 && worst.1 <= 0.02, "\(scientific(worst.0)), \(scientific(worst.1))")
      },
      try Check("streaming with the best number of generators is the best of all") {
        var wrong = 0
        for (generation, training, devices) in [(3.0, 97.0, 7), (50, 50, 2), (80, 3, 9), (1, 2, 64)] {
          let pipeline = try ReinforcementPipeline(generation: generation, training: training)
          let best = (1..<devices).map { max(generation / Double($0), training / Double(devices - $0)) }.min() ?? 0
          if try pipeline.streaming(devices: devices).seconds > best { wrong += 1 }
        }
        return (wrong == 0, "4 cases")
      },
    ]
  }

  /// Simulated runs with noise.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let curve = try ComputeCurve(initial: 0.2, ceiling: 0.61, steepness: 1.5, middle: 3000)
    var random = Random(seed: 9)
    let trials = conditions.quick ? 40 : 200
    var measures: [Measure] = []
    for part in [0.6, 0.8, 0.9] {
      try conditions.next("\(trials) runs that cover \(Int(100 * part)) % of the gain")
      guard let end = curve.compute(for: 0.2 + part * 0.41) else { continue }
      var near = 0
      for _ in 0..<trials {
        // 29 steps of 1.1244 are a factor of 30.
        let rows = Self.points(curve, to: end, factor: 1.1244, 30, noise: 0.01, &random)
        if abs(try ComputeCurveFit(rows, initial: 0.2, skip: .none).curve.ceiling - 0.61) <= 0.03 { near += 1 }
      }
      measures.append(
        Measure(
          "runs of 30 points with noise of 0.01 up to \(Int(100 * part)) % of the gain: A within 0.03", unit: "%",
          ours: Summary([100 * Double(near) / Double(trials)]), target: .atLeast(90, .ours)))
    }
    try conditions.next("extrapolation")
    var (ours, theirs): ([Double], [Double]) = ([], [])
    for _ in 0..<(conditions.quick ? 10 : 50) {
      // 60 points to 20,000; the first half of the compute is fitted.
      let rows = Self.points(curve, to: 20_000, factor: 1.1, 60, noise: 0.005, &random)
      let half = rows.filter { $0.compute <= 10_000 }
      let fit = try ComputeCurveFit(half, initial: 0.2)
      let truth = curve.value(at: 20_000)
      ours.append(abs(fit.curve.value(at: 20_000) - truth))
      theirs.append(abs(try ComputePowerLaw(fit.points).value(at: 20_000) - truth))
    }
    measures.append(
      Measure(
        "simulated runs, the first half foretells the end: error of the pass rate", unit: "", ours: Summary(ours),
        peer: Summary(theirs), peerName: "power law", target: .atMost(0.03, .ours)))
    return measures
  }
}
