import ArgumentParser
import Console
import Formats
import Planner

/// Pipelines beside each other.
package struct PlanPipelineCompare: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Several pipelines beside each other, the most productive first.")

  @Argument(help: "YAML or JSON files, or names of pipelines.")
  package var pipelines: [String]

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let reports = try pipelines.map { (name: $0, report: try PipelineFile.read($0).evaluate()) }
      .sorted { $0.report.productivity > $1.report.productivity }
    if output.json {
      Output.answer(
        JSON.array(
          reports.map { name, report in
            .object([JSON.Member("name", .string(name)), JSON.Member("report", PipelineAnswer.json(report))])
          }
        ).line)
    } else {
      Output.answer(PipelineAnswer.table(reports))
    }
  }
}
