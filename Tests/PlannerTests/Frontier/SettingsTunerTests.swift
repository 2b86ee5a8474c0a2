import NumericTypes
import Planner
import Testing

@Suite struct SettingsTunerTests {
  private static func objective() throws -> (space: SearchSpace, objective: LayoutObjective) {
    let space = try FrontierPrediction.space()
    return (
      space,
      try LayoutObjective(FrontierPrediction.cases[1].shape, space: space, FrontierPrediction().model)
    )
  }

  /// The values of all settings, by trying all.
  private static func all(_ space: SearchSpace, _ objective: LayoutObjective) throws -> [Double?] {
    try (0..<space.count).map { try objective.teraflops(space.point($0)) }
  }

  /// Half of the trials that random search needs to come within 2 % of the best, and half of its failures at the end. The reproduction
  /// has 20 seeds.
  @Test func theSearchNeedsHalfOfRandomTrials() throws {
    let (space, objective) = try Self.objective()
    let values = try Self.all(space, objective)
    let best = try #require(values.compactMap { $0 }.max())
    #expect(space.count >= 2000 && values.contains { $0 == nil })
    let isGood = values.map { $0 ?? 0 >= 0.98 * best }
    var (ours, failed): ([Int], [Double]) = ([], [])
    let budget = 400
    for seed in 0..<5 {
      var tuner = try SettingsTuner(space, seed: UInt64(seed))
      try tuner.run(budget: budget) { point throws(PlannerError) in space.place(point).flatMap { values[$0] } }
      let reached = tuner.trials.firstIndex { space.place($0.point).map { isGood[$0] } ?? false }
      // One that does not get there counts as having tried all.
      ours.append(reached.map { $0 + 1 } ?? space.count)
      failed.append(tuner.failures(in: 100..<150))
    }
    // The chance that a random order has met none of g good ones among N in n trials is C(N − g, n)/C(N, n): half at the median.
    let good = isGood.count { $0 }
    var (missed, random) = (1.0, 0)
    while missed > 0.5 {
      missed *= Double(space.count - good - random) / Double(space.count - random)
      random += 1
    }
    #expect(ours.sorted()[2] <= random / 2, "\(ours) of \(random)")
    let share = Double(values.count { $0 == nil }) / Double(space.count)
    #expect(failed.sorted()[2] < share / 2, "\(failed) of \(share)")
  }

  @Test func noSettingsAreTriedTwiceAndASearchGoesOn() throws {
    let space = try SearchSpace([SearchSpace.Dimension("a", [1, 2, 3, 4]), SearchSpace.Dimension("b", [5, 6, 7])])
    var tuner = try SettingsTuner(space, seed: 1)
    try tuner.run(budget: 100) { point throws(PlannerError) in Double(point[0] * point[1]) }
    #expect(tuner.trials.count == 12 && Set(tuner.trials.map(\.point)).count == 12 && tuner.inFlight == 0)
    #expect(tuner.best?.point == [4, 7])
    let nothing = try tuner.next()
    #expect(nothing == nil)
    // From its log: what was tried is not tried again.
    var half = try SettingsTuner(space, seed: 1)
    try half.run(budget: 5) { point throws(PlannerError) in Double(point[0] * point[1]) }
    var rest = try SettingsTuner(space, seed: 1, after: half.trials)
    var tried = 0
    try rest.run(budget: 12) { point throws(PlannerError) in
      tried += 1
      return Double(point[0] * point[1])
    }
    #expect(tried == 7 && rest.trials.count == 12 && Array(rest.trials.prefix(5)) == half.trials)
    // The same seed, the same search.
    var again = try SettingsTuner(space, seed: 1)
    try again.run(budget: 100) { point throws(PlannerError) in Double(point[0] * point[1]) }
    #expect(again.trials == tuner.trials)
  }

  @Test func aSpaceWhereAllFailsIsSearchedToItsEnd() throws {
    let space = try SearchSpace([SearchSpace.Dimension("a", Array(0..<40))])
    var options = SettingsTuner.Options()
    options.first = 4
    var tuner = try SettingsTuner(space, seed: 3, options: options)
    try tuner.run(budget: 40) { _ throws(PlannerError) in nil }
    #expect(tuner.trials.count == 40 && tuner.best == nil && tuner.failures(in: 0..<40) == 1)
  }

  @Test func placesAndPointsAreOneToOne() throws {
    let space = try FrontierPrediction.paperSpace()
    #expect(space.count == 6 * 4 * 17 * 2 * 2 * 2)
    for place in stride(from: 0, to: space.count, by: 7) { #expect(space.place(space.point(place)) == place) }
    #expect(space.place([1]) == nil && space.place([3, 1, 4, 5, 0, 12]) == nil)
  }

  @Test func hostileSpacesAndTrialsAreRefused() throws {
    func dimension(_ values: [Int]) -> SearchSpace.Dimension { SearchSpace.Dimension("a", values) }
    for dimensions in [
      [], [dimension([])], [dimension([1, 1])], [dimension([1]), dimension([2])],
      (0..<8).map { SearchSpace.Dimension("d\($0)", Array(0..<100)) },
      (0..<65).map { SearchSpace.Dimension("d\($0)", [0]) },
    ] {
      #expect(throws: PlannerError.self) { try SearchSpace(dimensions) }
    }
    let space = try SearchSpace([dimension([1, 2])])
    for trials in [
      [SettingsTuner.Trial(point: [3], value: 1)], [SettingsTuner.Trial(point: [1], value: .nan)],
      [SettingsTuner.Trial(point: [1], value: 1), SettingsTuner.Trial(point: [1], value: 1)],
    ] {
      #expect(throws: PlannerError.self) { try SettingsTuner(space, seed: 1, after: trials) }
    }
    for change in [
      { (o: inout SettingsTuner.Options) in o.workers = 0 }, { $0.first = 0 }, { $0.trees = .max },
      { $0.candidates = 0 },
      { $0.exploration = .nan },
    ] {
      var options = SettingsTuner.Options()
      change(&options)
      #expect(throws: PlannerError.self) { try SettingsTuner(space, seed: 1, options: options) }
    }
    var tuner = try SettingsTuner(space, seed: 1)
    #expect(throws: PlannerError.self) { try tuner.end([1], value: 1) }
    let model = try FrontierPrediction().model
    #expect(throws: PlannerError.self) {
      try LayoutObjective(
        FrontierPrediction.cases[0].shape, space: SearchSpace([SearchSpace.Dimension("x", [1])]), model)
    }
    // Settings that are none are failures, not traps.
    let wild = try SearchSpace([
      SearchSpace.Dimension("tensor", [0, -1, .max, .min, 2]), SearchSpace.Dimension("pipeline", [0, .max, 1]),
      SearchSpace.Dimension("microbatch", [.min, 0, .max, 1]), SearchSpace.Dimension("nodes", [.max, 0, -3, 1]),
      SearchSpace.Dimension("recompute", [-1, 9, 2]),
    ])
    let objective = try LayoutObjective(FrontierPrediction.cases[0].shape, space: wild, model)
    for place in 0..<wild.count { _ = try objective.teraflops(wild.point(place)) }
  }
}
