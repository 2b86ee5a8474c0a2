import NumericTypes
import Planner
import Plots
import Profiling
import Tuning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The Impact of Hyperparameters on Large Language Model Inference Performance, 2024, arXiv 2408.01050.
///
/// The landscape of this engine's throughput, its peaks, how few trials find them, what the Planner foresees of it, and what it brings to
/// tune anew on other hardware.
public struct InferenceHyperparameterStudy: Reproduction {
  /// The sheet's number.
  public static let number = 92

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "ranks, pages of keys and values, weight formats, static batching and tiles in the space: the engine has no such settings",
    "threads pinned to processors",
    "the whole grid and all five machines measured with nothing else running",
  ]

  /// The experiment.
  public init() {}

  /// The sheet's oracles, without an engine.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: peaks, searches and failures")
    return [
      try Check("1 to 6 planted peaks in noise are found, all of them and no other") { try Self.peaks() },
      try Check("the estimator's best of 30 trials beats random search's on Branin, medians of 50 seeds") {
        try Self.branin()
      },
      try Check("the same seed and trials give the same proposals, with every method") { try Self.repeats() },
      try Check("successive halving keeps the best where more work changes no order") { try Self.halving() },
      try Check("processes that crash and hang are failures, and nothing more") { Self.failures() },
    ]
  }

  private static func peaks() throws -> (passed: Bool, detail: String) {
    var (exact, cases) = (0, 0)
    for count in 1...6 {
      for seed in 0..<10 {
        var random = Random(seed: UInt64(seed), stream: UInt64(count))
        var peaks: [(y: Int, x: Int, height: Double)] = []
        while peaks.count < count {
          let (y, x) = (Int(random.uniform() * 12), Int(random.uniform() * 12))
          guard peaks.allSatisfy({ max(abs($0.y - y), abs($0.x - x)) >= 4 }) else { continue }
          peaks.append((y, x, 30 + 40 * random.uniform()))
        }
        let axis = (0..<12).map { "\($0)" }
        let landscape = try Landscape(
          [Landscape.Axis("y", axis), Landscape.Axis("x", axis)],
          (0..<144).map { point in
            let value = peaks.reduce(100.0) { sum, peak in
              let (dy, dx) = (Double(peak.y - point / 12), Double(peak.x - point % 12))
              return sum + peak.height * exp(-(dy * dy + dx * dx) / 2)
            }
            return (0..<3).map { _ in
              value + 2 * (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * .pi * random.uniform())
            }
          })
        cases += 1
        exact += Set(landscape.localMaxima) == Set(peaks.map { $0.y * 12 + $0.x }) ? 1 : 0
      }
    }
    return (exact == cases, "\(exact) of \(cases) landscapes")
  }

  private static func branin() throws -> (passed: Bool, detail: String) {
    let space = try ParameterSpace([
      TunableParameter("x", .continuous(-5...10)), TunableParameter("y", .continuous(0...15)),
    ])
    func best(_ method: SearchMethod) throws -> Double {
      let found = try (0..<50).map { seed in
        let trials = try InferenceTuner(space, method: method, seed: UInt64(seed)).run(trials: 30) { proposal in
          let (x, y) = (proposal.point[0] ?? 0, proposal.point[1] ?? 0)
          let a = y - 5.1 / (4 * .pi * .pi) * x * x + 5 / .pi * x - 6
          return -(a * a + 10 * (1 - 1 / (8 * .pi)) * cos(x) + 10)
        }
        return -(InferenceTuner.best(of: trials)?.value ?? -.infinity)
      }
      return try RunConditions.summary(found).median
    }
    let (ours, random) = (try best(.tpe), try best(.random))
    return (ours < random, "\(scientific(ours, digits: 3)) against \(scientific(random, digits: 3)), least 0.398")
  }

  private static func hill(_ proposal: TuningProposal) -> Double {
    50 - zip(proposal.point, [4.0, 1, 2]).reduce(0) { $0 + (($1.0 ?? 0) - $1.1) * (($1.0 ?? 0) - $1.1) }
  }

  private static func grid() throws -> ParameterSpace {
    try ParameterSpace([
      TunableParameter("a", .ordered(7)), TunableParameter("b", .ordered(2)), TunableParameter("c", .ordered(4)),
    ])
  }

  private static func repeats() throws -> (passed: Bool, detail: String) {
    let space = try grid()
    var holds = true
    for method in SearchMethod.allCases {
      let tuner = try InferenceTuner(space, method: method, seed: 3)
      let trials = try tuner.run(trials: 30, hill)
      let cut = try tuner.run(trials: 30, after: Array(trials.prefix(11)), hill)
      holds = try holds && tuner.run(trials: 30, hill) == trials && cut == trials
    }
    return (holds, "\(SearchMethod.allCases.count) methods, from the beginning and from the middle")
  }

  private static func halving() throws -> (passed: Bool, detail: String) {
    let space = try grid()
    var kept = 0
    for seed in 0..<100 {
      var random = Random(seed: UInt64(seed), stream: 7)
      let heights = Dictionary(
        (space.points ?? []).map { ($0, random.uniform()) }, uniquingKeysWith: { first, _ in first })
      let trials = try InferenceTuner(space, method: .halving, seed: UInt64(seed)).run(trials: 1000) {
        (heights[$0.point] ?? 0) * (1 + $0.part)
      }
      let entered = trials.filter { $0.part < 0.2 }.compactMap { heights[$0.point] }.max()
      kept += InferenceTuner.best(of: trials).map { heights[$0.point] == entered } == true ? 1 : 0
    }
    return (kept == 100, "\(kept) of 100 searches")
  }

  private static func failures() -> (passed: Bool, detail: String) {
    let trial = ServingTrial(model: "none", settings: ServingSettings(), workload: .standard(2), seed: 0)
    func run(_ script: String) -> TrialResult {
      let child = "echo '{\"ready\":true}'; read -r line; \(script)"
      return TrialProcess(command: ["/bin/sh", "-c", child]).run(trial, timeout: 1)
    }
    let (crash, hang) = (run("kill -SEGV $$"), run("exec sleep 30"))
    let fine = run(
      "echo '{\"tokensPerSecond\":5,\"seconds\":1,\"latency95\":1,\"peakBytes\":1,\"steps\":1,\"preemptions\":0}'")
    let holds =
      crash.tokensPerSecond == 0 && hang.tokensPerSecond == 0 && fine.tokensPerSecond == 5 && fine.failure == nil
      && hang.failure?.hasPrefix("killed") == true
    return (holds, "\(crash.failure ?? "no failure"); \(hang.failure ?? "no failure")")
  }
}
