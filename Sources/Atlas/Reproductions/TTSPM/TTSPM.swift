import NumericTypes
import Planner
import Profiling

/// Scaling over Scaling: Exploring Test-Time Scaling Plateau in Large Reasoning Models, 2025, arXiv 2505.20522.
///
/// The saturation point by a scan, fits of simulated answers, and how far one chance and a mixture of chances extrapolate.
public struct TTSPM: Reproduction {
  /// The sheet's number.
  public static let number = 85

  /// Nothing of the sheet is left.
  public static let unbuilt: [String] = []

  /// The experiment.
  public init() {}

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: saturation points")
    return [
      try Check("N* is what a scan over all N finds") { try Self.scan() },
      try Check("pass@k is the share of subsets with a right answer") { try Self.subsets() },
      try Check("a chain of rounds follows the formula within 3 standard errors") { try Self.chain() },
      try Check("what was published lies under the bound of independent answers, and N* of its example is 10") {
        try Self.published()
      },
      try Check("tasks differ, repeat for a seed, and know their answers from others") { Self.tasks() },
    ]
  }

  private static func scan() throws -> (passed: Bool, detail: String) {
    var (cases, wrong) = (0, 0)
    for chance in [0.003, 0.02, 0.1, 0.3, 0.5, 0.8, 0.99] {
      for ceiling in [0.4, 1] {
        for least in [1e-4, 0.003, 0.01, 0.1] {
          var (count, missed) = (1, 1 - chance)
          while ceiling * chance * missed > least { (count, missed) = (count + 1, missed * (1 - chance)) }
          cases += 1
          if try SaturationModel(ceiling: ceiling, chance: chance).saturation(gain: least) != count { wrong += 1 }
        }
      }
    }
    return (wrong == 0, "\(cases) cases")
  }

  private static func subsets() throws -> (passed: Bool, detail: String) {
    var (cases, worst) = (0, 0.0)
    for n in 1...10 {
      for c in 0...n {
        for k in 1...n {
          let subsets = (0..<(1 << n)).filter { $0.nonzeroBitCount == k }
          let hit = subsets.count { $0 & ((1 << c) - 1) != 0 }
          let estimate = try PassAtK.estimate(samples: n, correct: c, k: k)
          worst = max(worst, abs(estimate - Double(hit) / Double(subsets.count)))
          cases += 1
        }
      }
    }
    return (worst < 1e-12, "\(cases) cases, largest error \(scientific(worst))")
  }

  private static func chain() throws -> (passed: Bool, detail: String) {
    var random = Random(seed: 3)
    let model = try SaturationModel(chance: 0.15, initial: 0.05)
    let share = try model.share(after: 8, losing: 0.04)
    let runs = 20_000
    let right = (0..<runs).count { _ in
      var isRight = random.uniform() < 0.05
      for _ in 0..<8 { isRight = isRight ? random.uniform() >= 0.04 : random.uniform() < 0.15 }
      return isRight
    }
    let error = (share * (1 - share) / Double(runs)).squareRoot()
    let distance = (Double(right) / Double(runs) - share) / error
    return (abs(distance) <= 3, "\(scientific(distance)) standard errors")
  }

  /// AIME 2024 by the 1.5B model: 30.0 % of single answers are right, 53.3 % of problems with 32.
  private static func published() throws -> (passed: Bool, detail: String) {
    let model = try SaturationModel(chance: 0.3)
    let bounds = [1, 2, 4, 8, 16, 32].map { model.value(at: Double($0)) }
    let count = try model.saturation(gain: 0.01)
    let table = bounds.map { scientific(100 * $0, digits: 4) }.joined(separator: ", ")
    return (
      abs(bounds[0] - 0.3) < 1e-12 && bounds[5] >= 0.533 && count == 10,
      "1 − 0.7^N for N = 1, 2, 4 … 32: \(table) %"
    )
  }

  private static func tasks() -> (passed: Bool, detail: String) {
    var (holds, count) = (true, 0)
    for kind in CheckableTask.Kind.allCases {
      let tasks = CheckableTask.questions(of: kind, count: 20, seed: 85)
      let again = CheckableTask.questions(of: kind, count: 20, seed: 85)
      holds =
        holds && tasks.count == 20 && Set(tasks.map(\.question)).count == 20
        && tasks.map(\.prompt) == again.map(\.prompt)
      for task in tasks {
        holds =
          holds && task.isSolved(by: " \(task.answer).\n") && !task.isSolved(by: "")
          && !task.isSolved(by: "\(task.answer)0")
          && task.prompt.hasSuffix("\nQ: \(task.question)\nA:")
        count += 1
      }
    }
    return (holds, "\(count) tasks")
  }

  /// Fits of simulated answers, and the default model's own.
  ///
  /// - Throws: `PlannerError`; what the engine throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) async throws -> [Measure] {
    try conditions.next("simulated answers")
    var random = Random(seed: 7)
    let equal = try (0..<10_000).map { _ in
      try Attempts(samples: 8, correct: (0..<8).count { _ in random.uniform() < 0.2 })
    }
    let chance = try SaturationFit(problems: equal, draws: 20).model.chance
    // Twelve classes of tasks, in each of which problems differ in difficulty: Beta(1, b) by the least of b uniform numbers.
    var (mixedErrors, plainErrors): ([Double], [Double]) = ([], [])
    for hardness in 1...12 {
      let problems = try (0..<(conditions.quick ? 200 : 1000)).map { _ in
        let chance = (0..<hardness).reduce(1.0) { least, _ in min(least, random.uniform()) }
        return try Attempts(samples: 64, correct: (0..<64).count { _ in random.uniform() < chance })
      }
      let truth = try PassAtK.coverage(problems, k: 64)
      let fit = try SaturationFit(problems: problems, at: [1, 2, 4, 8], draws: 1)
      mixedErrors.append(100 * abs((fit.mixture?.value(at: 64) ?? .infinity) - truth))
      plainErrors.append(100 * abs(fit.model.value(at: 64) - truth))
    }
    let simulated = [
      Measure(
        "simulated answers of one chance, 10,000 problems: error of the fitted chance", unit: "",
        ours: Summary([abs(chance - 0.2)]), target: .atMost(0.01, .ours)),
      Measure(
        "simulated problems of unequal difficulty, 12 classes: error of hit@64 from N ≤ 8, mixture", unit: "points",
        ours: Summary(mixedErrors), peer: Summary(plainErrors), peerName: "one chance", target: .atMost(5, .ours)),
    ]
    return simulated + (try await answers(conditions))
  }
}
