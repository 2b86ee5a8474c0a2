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
      let knots = profile.knots.map { ["\($0.prompt)", Human.fixed($0.seconds * 1e3, 3)] }
      let rest = [
        ["a token more", Human.fixed(profile.token * 1e3, 4), "ms"],
        ["for each token of context", Human.fixed(profile.contextToken * 1e9, 2), "ns"],
        ["R²", Human.fixed(profile.rSquared, 5), ""],
        ["largest residual", Human.fixed(100 * profile.worstResidual, 2), "%"],
        ["timed in", Human.fixed(profile.profilingSeconds, 2), "s"],
      ]
      Output.answer(Human.table([["prompt", "first token ms"]] + knots, numeric: [0, 1]))
      Output.answer("\n" + Human.table(rest, numeric: [1]))
    }
  }
}
