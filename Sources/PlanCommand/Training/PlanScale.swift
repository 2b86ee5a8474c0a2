import ArgumentParser
import Console
import Formats
import Planner

/// How a layout's speed holds up on more devices.
package struct PlanScale: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Weak or strong scaling of a training layout over its copies.",
    discussion: """
      --weak: the batch is that of the fewest copies and grows with them. --strong: the batch stays. The layout is written as for \
      `plan parallel`; its d does not count.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.") package var model: String
  @Flag(help: "The batch grows with the devices.") package var weak = false
  @Flag(help: "The batch stays.") package var strong = false
  @Option(help: ArgumentHelp("A published cluster or a YAML file.", valueName: "cluster")) package var cluster =
    "frontier"
  @Option(help: ArgumentHelp("The layout, such as t=8,p=64,d=1.", valueName: "layout")) package var layout: String
  @Option(help: ArgumentHelp("Numbers of copies, separated by commas.", valueName: "counts")) package var copies =
    "1,2,4,8"
  @Option(help: ArgumentHelp("Sequences of a step.", valueName: "count")) package var batch: Int
  @Option(help: ArgumentHelp("Tokens of a sequence.", valueName: "count")) package var sequence = 2048

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard weak != strong else { throw PlannerError.invalid(field: "scale", problem: "either --weak or --strong") }
    let counts = try copies.split(separator: ",").map { text in
      guard let count = Int(text) else {
        throw PlannerError.invalid(field: "copies", problem: "'\(text)' is no whole number")
      }
      return count
    }
    let run = try TrainingRun(ModelArgument.shape(model), sequence: sequence, batch: batch, kernel: .tiled)
    let study = try ScalingStudy(
      weak ? .weak : .strong, run, LayoutArgument.layout(layout), copies: counts, ClusterArgument.model(cluster))
    if output.json {
      let json: JSON = [
        "kind": .string(study.kind.rawValue),
        "points": .array(
          study.points.map { point in
            [
              "devices": .integer(point.devices), "batch": .integer(point.batch),
              "seconds": .rounded(point.estimate.seconds), "efficiency": .rounded(point.efficiency),
            ]
          }),
      ]
      return Output.answer(json.line)
    }
    let rows = study.points.map {
      ["\($0.devices)", "\($0.batch)", Human.fixed($0.estimate.seconds, 3), Human.fixed(100 * $0.efficiency, 1)]
    }
    Output.answer(Human.table([["devices", "batch", "s/step", "efficiency %"]] + rows, numeric: [0, 1, 2, 3]))
  }
}
