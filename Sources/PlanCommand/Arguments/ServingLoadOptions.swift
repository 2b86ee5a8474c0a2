import ArgumentParser
import Console
import Planner
import Profiling

/// What a service is asked.
package struct ServingLoadOptions: ParsableArguments {
  package enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case poisson, even, bursty
  }

  @Option(help: ArgumentHelp("Requests a second.", valueName: "rate"))
  package var rate = 1.0

  @Option(help: ArgumentHelp("Seconds of arrivals.", valueName: "seconds"))
  package var seconds = 120.0

  @Option(
    help: ArgumentHelp(
      "Sizes of prompts and answers: conversation or coding (published traces of Azure's), or PROMPT:ANSWER in tokens.",
      valueName: "sizes"))
  package var sizes = "conversation"

  @Option(help: "How requests arrive; bursty is four times the rate for a fifth of the time, ten seconds at a time.")
  package var arrivals = Kind.poisson

  @Option(
    help: ArgumentHelp(
      "Recorded requests instead, a CSV: arrival in seconds or as a date, tokens of prompt, tokens of answer.",
      valueName: "path"))
  package var requests: String?

  @Option(help: "The seed of everything that is drawn.")
  package var seed: UInt64 = 0

  package init() {}

  /// The load that the options describe.
  ///
  /// - Throws: `PlannerError`.
  package func load() throws -> ServingLoad {
    let arrivals: Arrivals =
      switch self.arrivals {
      case .poisson: .poisson(rate: rate)
      case .even: .even(rate: rate)
      case .bursty: .bursty(rate: rate, peak: 4, share: 0.2, seconds: 10)
      }
    if let trace = ServingLoad.AzureTrace(rawValue: sizes) {
      return try ServingLoad(arrivals, prompt: trace.prompt, output: trace.output, seconds: seconds)
    }
    let parts = sizes.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let prompt = parts[0], let output = parts[1] else {
      throw PlannerError.invalid(
        field: "sizes", problem: "'\(sizes)' is not conversation, coding or PROMPT:ANSWER in tokens")
    }
    return try ServingLoad(arrivals, prompt: .constant(prompt), output: .constant(output), seconds: seconds)
  }

  /// The requests: recorded ones where a file is named.
  ///
  /// - Throws: `PlannerError`; what reading throws.
  package func all() throws -> [SimulatedRequest] {
    guard let path = requests else { return try load().requests(seed: seed) }
    return try RequestFile.parse(try readWholeFile(path), path: path)
  }
}
