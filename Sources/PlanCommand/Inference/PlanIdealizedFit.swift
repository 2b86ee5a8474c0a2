import ArgumentParser
import Console
import Formats
import Planner
import Profiling

/// A profile from timed queries.
package struct PlanIdealizedFit: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fit", abstract: "Fits a profile to timed queries.",
    discussion:
      "A log is a CSV table with the columns prompt, output and seconds; repetitions are rows of the same lengths.")

  @Argument(help: "A CSV file with the columns prompt, output and seconds.")
  package var log: String

  @Option(help: "How repetitions become one figure: minimum, beginning or mean.")
  package var denoise = "minimum"

  @Flag(help: "Take a token's time as the same at any context.")
  package var flat = false

  @Option(help: ArgumentHelp("Write the profile to a file.", valueName: "file"))
  package var out: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard let denoising = Denoising(rawValue: denoise) else {
      throw PlannerError.invalid(field: "--denoise", problem: "'\(denoise)' is none of minimum, beginning, mean")
    }
    let table = try PlanTable(log)
    let rows = zip(zip(try table.integers("prompt"), try table.integers("output")), try table.numbers("seconds")).map {
      RuntimeObservation(prompt: $0.0, output: $0.1, seconds: $1)
    }
    let profile = try RuntimeProfile(fitting: rows, denoising: denoising, isContextual: !flat)
    let json = RuntimeProfileFile.json(profile)
    if let out { try writeFileAtomically(out, Array((json.line + "\n").utf8)) }
    if output.json {
      Output.answer(json.line)
    } else {
      Output.answer(RuntimeProfileFile.text(profile))
    }
  }
}
