import ArgumentParser
import Console
import Formats
import PlanReports
import Planner
import Profiling

/// How much of its limits a machine reaches.
package struct PlanCalibrate: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Fits how much of its limits a machine reaches, and says how far predictions are off.",
    discussion: """
      The reports are what `venturi bench model --json` writes on one machine. Constants are fitted on the rows that --fit \
      names, one set for all; the others are predicted and judged apart.
      """)

  @Argument(help: "Reports of venturi bench model --json.")
  package var reports: [String]

  @Option(
    help: ArgumentHelp(
      "Fit on the rows whose name begins so, the model file's name and a test, such as 'model-q8_0 pp'; repeatable.",
      valueName: "name"))
  package var fit: [String] = []

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if fit.isEmpty || fit.contains("") { throw ValidationError("--fit: name the rows that constants are fitted on") }
  }

  package func run() throws {
    let date = systemDate()
    let read = try reports.map { path in
      try BenchReport(path, date: date) { name in fit.contains { name.hasPrefix($0) } }
    }
    let found = try Calibration(
      read.flatMap(\.rows), on: read[0].device, source: ("venturi bench model", date))
    let (fitted, heldOut) = (Validation.Summary(found.fitted), Validation.Summary(found.heldOut))
    if output.json {
      Output.answer(
        JSON.object([
          JSON.Member("products", .number(found.products)), JSON.Member("attention", .number(found.attention)),
          JSON.Member("memory", .number(found.memory)), JSON.Member("overheadSeconds", .number(found.overhead)),
          JSON.Member("fitted", ValidationReport.json(fitted)), JSON.Member("heldOut", ValidationReport.json(heldOut)),
          JSON.Member("rows", .array((found.fitted + found.heldOut).map(\.json))),
        ]).line)
      return
    }
    let rows = (found.fitted + found.heldOut).map { row in
      [
        row.name, row.heldOut ? "held out" : "fitted", Human.fixed(row.published * 1e3, 2),
        Human.fixed(row.predicted * 1e3, 2), ValidationReport.percent(row.error),
        ValidationReport.percent(row.plainError),
      ]
    }
    Output.answer(
      """
      products reach \(ValidationReport.percent(found.products)) of the arithmetic, attention \
      \(ValidationReport.percent(found.attention)), all \(ValidationReport.percent(found.memory)) of the memory's rate; an \
      operator takes \(Human.fixed(found.overhead * 1e6, 2)) µs more
      median error: fitted \(ValidationReport.percent(fitted.medianError)), held out \
      \(ValidationReport.percent(heldOut.medianError)), a plain roofline's on those \
      \(ValidationReport.percent(heldOut.medianPlainError))

      """
        + Human.table(
          [["row", "", "measured ms", "predicted ms", "error", "plain roofline"]] + rows, numeric: [2, 3, 4, 5]))
  }
}
