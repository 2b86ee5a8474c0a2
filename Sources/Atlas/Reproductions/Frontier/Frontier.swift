import NumericTypes
import Planner
import Profiling

/// Optimizing Distributed Training on Frontier for Large Language Models, 2023, arXiv 2312.12705.
///
/// The Planner's half: three models' speeds and scaling from one of them, and a search for layouts in simulated runs.
public struct Frontier: Reproduction {
  /// The sheet's number.
  public static let number = 38

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "ZeRO-1 over MPI ranks beside unsharded Adam",
    "a search whose trials are real runs on MPI ranks with an emulated link",
  ]

  /// The experiment.
  public init() {}

  /// Speeds, scaling, state and work.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try FrontierPrediction().predictions() }

  /// The search's parts.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: search")
    return [
      try Check("contributions add up to the prediction less the mean") {
        var random = Random(seed: 1)
        let rows = (0..<60).map { _ in (0..<5).map { _ in random.uniform() } }
        let forest = try RegressionForest(rows, rows.map { $0[0] * $0[1] + $0[2] }, trees: 20, random: &random)
        let mean = rows.reduce(0) { $0 + forest.value($1) } / 60
        let worst = try rows.prefix(10).map { row in
          abs(try ShapleyValues.of(row, in: forest, beside: rows).reduce(0, +) - (forest.value(row) - mean))
        }.max()
        return (worst ?? 1 < 1e-6, "largest error \(worst ?? 1)")
      },
      try Check("no settings are tried twice, and all are where the budget allows") {
        let space = try SearchSpace([
          SearchSpace.Dimension("a", Array(0..<9)), SearchSpace.Dimension("b", Array(0..<5)),
        ])
        var tuner = try SettingsTuner(space, seed: 2)
        try tuner.run(budget: 100) { point throws(PlannerError) in point[1] == 3 ? nil : Double(point[0]) }
        return (Set(tuner.trials.map(\.point)).count == 45 && tuner.trials.count == 45, "45 settings")
      },
    ]
  }

  /// Trials until a setting within 2 % of the best is found, ours and random search's, and the failures of their last third.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let space = try FrontierPrediction.space()
    let objective = try LayoutObjective(
      FrontierPrediction.cases[1].shape, space: space, FrontierPrediction().model)
    let values = try (0..<space.count).map { try objective.teraflops(space.point($0)) }
    guard let best = values.compactMap({ $0 }).max() else { return [] }
    let budget = 400
    var (ours, theirs, failed, theirsFailed): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for seed in 0..<(conditions.quick ? 5 : 20) {
      try conditions.next("search \(seed + 1)")
      var tuner = try SettingsTuner(space, seed: UInt64(seed))
      try tuner.run(budget: budget) { point throws(PlannerError) in space.place(point).flatMap { values[$0] } }
      let reached = tuner.trials.firstIndex { $0.value ?? 0 >= 0.98 * best }
      // A search that does not get there counts as having tried all.
      ours.append(Double(reached.map { $0 + 1 } ?? space.count))
      failed.append(100 * tuner.failures(in: 100..<150))
      var random = Random(seed: UInt64(seed), stream: 9)
      let order = (0..<space.count).shuffled(using: &random)
      theirs.append(Double((order.firstIndex { values[$0] ?? 0 >= 0.98 * best } ?? space.count) + 1))
      let last = order[100..<150]
      theirsFailed.append(100 * Double(last.count { values[$0] == nil }) / Double(last.count))
    }
    func middle(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }
    return [
      Measure(
        "trials to within 2 % of the best of \(space.count) settings", unit: "trials",
        ours: try RunConditions.summary(ours),
        peer: try RunConditions.summary(theirs), peerName: "random search",
        ratio: RatioEstimate(ours: [middle(ours)], theirs: [middle(theirs)]), target: .atLeast(2)),
      Measure(
        "failed of the last third of 150 trials", unit: "%", ours: try RunConditions.summary(failed),
        peer: try RunConditions.summary(theirsFailed), peerName: "random search",
        ratio: RatioEstimate(ours: [max(middle(failed), 1e-9)], theirs: [middle(theirsFailed)]), target: .atLeast(2)),
    ]
  }
}
