import ArgumentParser
import Console
import Formats
import Planner

/// Every published number beside what is predicted of it.
package struct PlanValidate: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Every published number that plans are put to, the prediction and the error.",
    discussion: """
      Only verified numbers on which no constant was fitted count as evidence. A plain roofline is the device at its \
      limits; formulas that no device enters have none.
      """)

  @Flag(help: "Write the page of the documentation.")
  package var markdown = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if markdown, output.json { throw ValidationError("--markdown and --json are two forms: give one of them") }
  }

  package func run() throws {
    let validation = try Validation.published()
    if output.json {
      Output.answer(ValidationReport.json(validation).line)
    } else {
      Output.answer(markdown ? ValidationReport.page(validation) : ValidationReport.text(validation))
    }
  }
}
