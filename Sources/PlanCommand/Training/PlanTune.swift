import ArgumentParser
import Console
import Formats
import Planner
import Profiling

/// Looks for a fast layout with few trials.
package struct PlanTune: ParsableCommand {
  /// Where trials run.
  package enum Objective: String, ExpressibleByArgument, CaseIterable {
    /// In the planner's cost model.
    case sim
  }

  package static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Searches settings of a training layout with a forest that learns from its trials.",
    discussion: """
      The space is a YAML or JSON file with model, cluster and space; without one it is Frontier's for 175 billion weights. Trials are \
      counted, not timed: this is how many runs a real search would need. With --log a search goes on where it was left; \
      `plan sensitivity` reads the same file.
      """)

  @Option(help: ArgumentHelp("What may be tried.", valueName: "file")) package var space: String?
  @Option(help: "Where trials run.") package var objective = Objective.sim
  @Option(help: ArgumentHelp("Trials, those of the log among them.", valueName: "count")) package var budget = 120
  @Option(help: ArgumentHelp("Trials that run at once.", valueName: "count")) package var workers = 4
  @Option(help: ArgumentHelp("The seed of its choices.", valueName: "number")) package var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Where trials are kept.", valueName: "file")) package var log: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard (1...10_000).contains(budget) else {
      throw PlannerError.invalid(field: "budget", problem: "\(budget) lies outside 1…10000")
    }
    let setting = try TuningSpace(space)
    let earlier = try log.flatMap { try TuningLog.read($0) }
    if let earlier, earlier.space != setting.space {
      throw PlannerError.invalid(field: "log", problem: "\(log ?? "") is of another space")
    }
    var options = SettingsTuner.Options()
    options.workers = workers
    var tuner = try SettingsTuner(setting.space, seed: seed, options: options, after: earlier?.trials ?? [])
    try tuner.run(budget: budget) { point throws(PlannerError) in try setting.objective.teraflops(point) }
    if let log { try TuningLog(space: setting.space, trials: tuner.trials).write(log) }
    guard let best = tuner.best else {
      throw PlannerError.invalid(
        field: "space", problem: "none of \(tuner.trials.count) settings fits: there is no feasible layout")
    }
    answer(tuner, best)
  }

  private func answer(_ tuner: SettingsTuner, _ best: SettingsTuner.Trial) {
    let names = tuner.space.dimensions.map(\.name)
    let count = tuner.trials.count
    let thirds = [tuner.failures(in: 0..<count / 3), tuner.failures(in: (count - count / 3)..<count)]
    var curve: [(trial: Int, value: Double)] = []
    for (index, trial) in tuner.trials.enumerated() {
      if let value = trial.value, value > curve.last?.value ?? -.infinity { curve.append((index + 1, value)) }
    }
    if output.json {
      let json: JSON = [
        "trials": .integer(count), "combinations": .integer(tuner.space.count),
        "best": .object(zip(names, best.point).map { JSON.Member($0, .integer($1)) }),
        "teraflops": .rounded(best.value ?? 0),
        "curve": .array(curve.map { ["trial": .integer($0.trial), "teraflops": .rounded($0.value)] }),
        "failuresFirstThird": .rounded(thirds[0]), "failuresLastThird": .rounded(thirds[1]),
      ]
      return Output.answer(json.line)
    }
    let settings = zip(names, best.point).map { "\($0) \($1)" }.joined(separator: ", ")
    Output.answer(
      "\(settings): \(Human.fixed(best.value ?? 0, 2)) Tflop/s a device, best of \(count) trials of \(tuner.space.count)\n"
        + Human.table(
          [["trial", "best so far"]] + curve.map { ["\($0.trial)", Human.fixed($0.value, 2)] }, numeric: [0, 1])
        + "\nfailed: \(Human.fixed(100 * thirds[0], 0)) % of the first third, \(Human.fixed(100 * thirds[1], 0)) % of the last"
    )
  }
}
