import ArgumentParser
import Console
import Formats
import Planner

/// One pipeline, node by node.
package struct PlanPipelineRun: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "run", abstract: "A pipeline node by node: bytes, rates, power, and what is stored.",
    discussion: """
      A file has nodes (name, bytes, rate_hz of sources, compression, classifier, reduction, operations_per_byte with the \
      coefficients of bytes, their square and cube, joules_per_operation, seconds_per_operation, routing_seconds, lanes), links \
      (from, to, joules_per_bit), and technology_scale or technology_year. Names without a file: \
      \(PipelineFile.named.keys.sorted().joined(separator: ", ")).
      """)

  @Argument(help: "A YAML or JSON file, or the name of a pipeline.")
  package var pipeline: String

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let report = try PipelineFile.read(pipeline).evaluate()
    Output.answer(output.json ? PipelineAnswer.json(report, hasNodes: true).line : Self.text(report))
  }

  private static func text(_ report: PipelineReport) -> String {
    let nodes = report.nodes.map { node in
      [
        node.name, Human.fixed(node.inputBytes, 0), Human.fixed(node.inputRate, 0), Human.fixed(node.outputRate, 0),
        Human.fixed(node.contingency.recall, 4), Human.fixed(node.watts, 1), Human.fixed(node.seconds * 1e6, 3),
      ]
    }
    return Human.table(
      [["node", "bytes", "in /s", "out /s", "recall", "W", "µs"]] + nodes, numeric: [1, 2, 3, 4, 5, 6]) + "\n\n"
      + PipelineAnswer.table([("", report)])
  }
}
