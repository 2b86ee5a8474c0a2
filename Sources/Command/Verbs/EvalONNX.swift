import ArgumentParser
import Profiling
import Venturi

/// The conformance cases of the `onnx` package.
package struct EvalONNX: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "onnx", abstract: "Runs the conformance cases of the onnx package.",
    discussion: """
      Numbers may differ by 1e-7 + 1e-3 of what is expected, all else must be equal. Cases with operators that are not \
      claimed are skipped and listed. Ends with 1 when a claimed case fails, or fewer cases are there than --min-cases.
      """)

  @Option(help: ArgumentHelp("The folder with the groups of cases.", valueName: "folder"))
  package var cases: String

  @Option(help: ArgumentHelp("Only cases whose group and name contain this.", valueName: "text"))
  package var filter = ""

  @Option(help: "Cases that must be found; without --filter 1600 by default.")
  package var minCases: Int?

  @Option(name: .shortAndLong, help: "Threads; one for each processor by default.")
  package var threads: Int?

  @Flag(help: "Say why each case was skipped.")
  package var skipped = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads \(threads): must be at least 1") }
    if let minCases, minCases < 0 { throw ValidationError("--min-cases \(minCases): must not be below 0") }
  }

  package func run() throws {
    let suite = ConformanceSuite(folder: cases, filter: filter)
    let needed = minCases ?? (filter.isEmpty ? 1600 : 1)
    guard suite.cases.count >= needed else {
      throw CommandFailure(
        status: .failure, kind: "too_few_cases",
        message: "\(cases): \(suite.cases.count) cases, at least \(needed) are needed; `make cases` fetches them")
    }
    let progress = ProgressBar("onnx")
    var done = 0
    let results = suite.run(context: Context(threads: threads)) { result in
      done += 1
      if done % 50 == 0 { progress.show("\(done) of \(suite.cases.count) cases") }
      if case .failed(let reason) = result.verdict {
        Output.note("failed: \(result.test.group)/\(result.test.name): \(reason)")
      }
      if skipped, case .skipped(let reason) = result.verdict {
        Output.note("skipped: \(result.test.group)/\(result.test.name): \(reason)")
      }
      return true
    }
    progress.finish()
    let report = ConformanceReport(results)
    Output.answer(output.json ? report.json.line : report.text)
    if report.failed > 0 { throw ExitStatus.failure }
  }
}
