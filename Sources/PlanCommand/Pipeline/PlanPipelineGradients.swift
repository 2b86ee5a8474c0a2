import ArgumentParser
import Console
import Formats
import Planner

/// Which numbers of a pipeline matter.
package struct PlanPipelineGradients: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gradients", abstract: "By how much productivity changes with each number, the largest first.")

  @Argument(help: "A YAML or JSON file, or the name of a pipeline.")
  package var pipeline: String

  @Option(help: "How many are shown.")
  package var count = 20

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let gradients = try PipelineFile.read(pipeline).gradients().prefix(max(0, count))
    if output.json {
      Output.answer(
        JSON.array(
          gradients.map { row in
            [
              "parameter": .string("\(row.parameter)"), "value": .number(row.value), "slope": .number(row.slope),
              "elasticity": .number(row.elasticity),
            ]
          }
        ).line)
    } else {
      let rows = gradients.map {
        ["\($0.parameter)", "\($0.value)", Human.fixed($0.elasticity, 5)]
      }
      Output.answer(Human.table([["number", "value", "% for each %"]] + rows, numeric: [1, 2]))
    }
  }
}
