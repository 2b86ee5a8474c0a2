import NumericTypes
import Planner
import Profiling

/// Cheaply Evaluating Inference Efficiency Metrics for Autoregressive Transformer APIs, 2023, arXiv 2305.02440.
///
/// A profile of the default model from a few short runs foretells queries that were not among them; two large models on A100s
/// foretell each other.
public struct IdealizedRuntime: Reproduction {
  /// The sheet's number.
  public static let number = 53

  /// What the sheet asks for beyond this.
  public static let unbuilt = ["its measured half has not run on a quiet machine yet"]

  /// The experiment.
  public init() {}

  /// Llama2-70B and BLOOM-176B on A100s.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try IdealizedRuntimePrediction.predictions() }

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: fits")
    return [
      try Check("without noise F, g₀ and g₁ come back within 1e-9") {
        let profile = try RuntimeProfile(fitting: Self.observations(repetitions: 1) { _ in 0 })
        let knots = zip(profile.knots, Self.knots).map { abs($0.seconds / $1.1 - 1) }
        let worst = max(abs(profile.token / 0.01 - 1), abs(profile.contextToken / 3e-6 - 1), knots.max() ?? 1)
        return (worst < 1e-9, "largest error \(scientific(worst))")
      },
      try Check("with contention the beginning is within 3 %, the mean is not") {
        var random = Random(seed: 11)
        // Of the sum of squares of two normal numbers half is exponential: here by counting halvings.
        let rows = Self.observations(repetitions: 20) { _ in Self.exponential(&random) / 2 }
        func error(_ denoising: Denoising) throws -> Double {
          let profile = try RuntimeProfile(fitting: rows, denoising: denoising)
          let knots = zip(profile.knots, Self.knots).map { abs($0.seconds / $1.1 - 1) }
          return knots.reduce(0, +) / Double(knots.count)
        }
        let (ours, theirs) = (try error(.beginning), try error(.mean))
        return (ours <= 0.03 && theirs > 0.2, "\(scientific(ours)), mean \(scientific(theirs))")
      },
      try Check("one grid point, no rows and times below zero are refused") {
        let one = RuntimeObservation(prompt: 5, output: 5, seconds: 1)
        let bad = [[one], [], [one, RuntimeObservation(prompt: 5, output: 9, seconds: -1)]]
        let refused = bad.count { (try? RuntimeProfile(fitting: $0)) == nil }
        return (refused == 3, "\(refused) of 3")
      },
    ]
  }

  private static let knots = [(1, 0.012), (256, 0.025), (512, 0.06), (1024, 0.13), (2048, 0.31)]

  private static func observations(repetitions: Int, _ noise: (Double) -> Double) -> [RuntimeObservation] {
    var rows: [RuntimeObservation] = []
    for (prompt, first) in knots {
      for output in [1, 32, 128] {
        let seconds = (1..<max(2, output)).reduce(first) {
          output > 1 ? $0 + 0.01 + 3e-6 * Double(prompt + $1) : $0
        }
        for _ in 0..<repetitions {
          rows.append(RuntimeObservation(prompt: prompt, output: output, seconds: seconds * (1 + noise(seconds))))
        }
      }
    }
    return rows
  }

  /// An exponential number of mean 1: whole halvings, and the rest of one by rejection.
  private static func exponential(_ random: inout Random) -> Double {
    let half = 0.6931471805599453
    var whole = 0.0
    while random.uniform() < 0.5 { whole += half }
    while true {
      let x = random.uniform() * half
      var (term, sum) = (1.0, 1.0)
      for k in 1..<20 {
        term *= -x / Double(k)
        sum += term
      }
      if random.uniform() < sum { return whole + x }
    }
  }

  /// The default model's times, predicted.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let names = [
      "median error of held-out queries", "largest error of held-out queries",
      "time of profiling, of the held-out workload's",
    ]
    guard let path = conditions.modelPath, let timer = try DecoderTimer(conditions, longest: 2048) else {
      let absent = "the model is not there: `venturi pull smollm2` fetches it"
      return (names + ["stacks compared"]).map { Measure("SmolLM2: \($0)", unit: "%", ours: nil, absent: absent) }
    }
    // The first run of all warms up.
    _ = try timer.seconds(prompt: 64, output: 4)
    let grid = RuntimeGrid.standard
    let profile = try grid.profile { prompt, output in
      try conditions.next("profile: \(prompt) and \(output) tokens")
      return try timer.seconds(prompt: prompt, output: output)
    }
    var random = Random(seed: 53)
    var (errors, workload): ([Double], Double) = ([], 0)
    for index in 0..<(conditions.quick ? 10 : 60) {
      try conditions.next("held-out query \(index + 1)")
      let (prompt, output) = (1 + Int(random.uniform() * 1500), 1 + Int(random.uniform() * 256))
      let seconds = try timer.seconds(prompt: prompt, output: output)
      let measured = seconds.first + seconds.rest
      workload += measured
      errors.append(100 * abs(try profile.seconds(prompt: prompt, output: output) / measured - 1))
    }
    let runs = "\(grid.runs) runs, \(errors.count) queries"
    return [
      Measure(
        "SmolLM2: \(names[0]), \(runs)", unit: "%", ours: Summary(errors), target: .atMost(5, .ours)),
      Measure(
        "SmolLM2: \(names[1]), \(runs)", unit: "%", ours: Summary([errors.max() ?? 0]), target: .atMost(15, .ours)),
      Measure(
        "SmolLM2: \(names[2]), \(runs)", unit: "%", ours: Summary([100 * profile.profilingSeconds / workload]),
        // Fewer queries than the sheet's are no workload to hold it against.
        target: conditions.quick ? nil : .atMost(15, .ours)),
    ] + (try stacks(conditions, path: path, timer: timer, profile: profile))
  }
}
