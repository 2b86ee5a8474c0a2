import ArgumentParser
import Console
import Formats
import NumericTypes
import Planner

/// What mattered in a search.
package struct PlanSensitivity: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "How much each setting mattered, by Shapley values of a forest of a search's trials.",
    discussion: "Reads the log of `plan tune`. Failed trials count as the worst, as they do in the search.")

  @Argument(help: "The log of a search.") package var log: String
  @Option(help: ArgumentHelp("Trees of the forest.", valueName: "count")) package var trees = 50
  @Option(help: ArgumentHelp("Trials that are explained, the last ones.", valueName: "count")) package var rows = 100

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard let log = try TuningLog.read(log) else {
      throw PlannerError.invalid(field: "log", problem: "\(self.log) cannot be read")
    }
    guard let worst = log.trials.compactMap(\.value).min() else {
      throw PlannerError.invalid(field: "log", problem: "none of its \(log.trials.count) trials succeeded")
    }
    guard (1...1000).contains(rows), (1...1000).contains(trees) else {
      throw PlannerError.invalid(field: "rows", problem: "\(rows) rows and \(trees) trees lie outside 1…1000")
    }
    // The tuner checks that every trial is of the space.
    let trials = try SettingsTuner(log.space, seed: 0, after: log.trials).trials
    let points = trials.map { $0.point.map(Double.init) }
    var random = Random(seed: 0)
    let forest = try RegressionForest(points, trials.map { $0.value ?? worst }, trees: trees, random: &random)
    let values = try ShapleyValues.sensitivities(of: forest, over: Array(points.suffix(rows)))
    let ranked = zip(log.space.dimensions.map(\.name), values).sorted { $0.1 > $1.1 }
    if output.json {
      let json: JSON = [
        "trials": .integer(trials.count),
        "sensitivities": .array(ranked.map { ["name": .string($0.0), "teraflops": .rounded($0.1)] }),
      ]
      return Output.answer(json.line)
    }
    Output.answer(
      Human.table(
        [["setting", "mean |contribution|, Tflop/s"]] + ranked.map { [$0.0, Human.fixed($0.1, 3)] }, numeric: [1]))
  }
}
