import ArgumentParser
import Console
import Formats
import Planner
import Profiling
import Tuning
import Venturi

extension SearchMethod: ExpressibleByArgument {}

/// Searches for the settings with which a model is served fastest.
package struct TuneServe: AsyncParsableCommand, ModelVerb {
  package static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Searches for the settings with which a model is served fastest.",
    usage: "venturi tune serve -m <model> --out <file> [<options>]",
    discussion: """
      Each trial is an engine in a process of its own that is given all requests at once; what counts is generated tokens by the \
      seconds they take. One that crashes or hangs is killed and counts as 0. Results are kept after every trial: the same call goes on \
      where it was stopped. At the end the best settings and the engine's own are measured in turns on other requests of the same \
      kind. `venturi serve --tuned FILE` takes the result. The space is default, or a file as {"batch": [1, 8, 64], "threads": [1, 2]} with \
      \(ServingParameter.allCases.map(\.rawValue).joined(separator: ", ")).
      """)

  @Option(help: ArgumentHelp("What may be tried.", valueName: "default or file")) package var space = "default"

  @Option(help: "How to search.") package var method = SearchMethod.tpe

  @Option(help: ArgumentHelp("Trials at most.", valueName: "count")) package var trials = 40

  @Option(help: ArgumentHelp("No trial begins after this time.", valueName: "seconds")) package var seconds: Double?

  @Flag(
    help: "Begin where the Planner predicts the most: it measures a few steps and goes through the engine's schedule.")
  package var prior = false

  @Option(help: ArgumentHelp("Write the settings into this file.", valueName: "file")) package var out: String?

  @OptionGroup(title: "Trials") package var trial: TrialOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package var modelName: String { trial.model }

  package init() {}

  package func validate() throws {
    if !(1...10_000).contains(trials) { throw ValidationError("--trials \(trials): must be from 1 to 10000") }
    if let seconds, !(seconds > 0) { throw ValidationError("--seconds \(seconds): must be above 0") }
    if let out, out.isEmpty { throw ValidationError("--out: the path is empty") }
  }

  package func run() async throws {
    let verb = self
    try await TrialOptions.run { try verb.tune() }
  }

  private func tune() throws {
    let space = try TuneSpace.read(space)
    let bench = try trial.bench()
    var options = TuningRun.Options()
    (options.method, options.trials, options.usesPrior) = (method, trials, prior)
    options.seconds = seconds ?? .infinity
    let progress = ProgressBar("tune")
    defer { progress.finish() }
    progress.show("the engine's own settings")
    let run = try TuningRun(on: bench, space: space, options: options) { number, settings, best in
      progress.show("trial \(number) of \(options.trials), best \(Human.fixed(best, 1)) tok/s: \(settings.text)")
    }
    progress.finish()
    let report = TuneReport(run: run, bench: bench, method: method)
    if let out {
      let profile = TunedProfile(
        run.best, gain: run.gain ?? 1, goal: "serve, \(bench.workload.requests.count) requests",
        model: try ModelFingerprint(try Checkpoint(path: bench.model)))
      let json = profile.json(adding: [JSON.Member("tuning", report.json)])
      try writeFileAtomically(out, Array((json.pretty + "\n").utf8))
    }
    Output.answer(output.json ? report.json.line : report.text(writtenTo: out))
  }
}
