import ArgumentParser
import CVenturi
import Profiling
import Synchronization
import Venturi

extension Goal: ExpressibleByArgument {
  /// The goal of a name.
  public init?(argument: String) { self.init(argument) }
}

/// Finds the settings that serve a goal best and writes them down for `run`, `chat` and the library.
package struct Optimize: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "optimize", abstract: "Finds a model's best settings on this machine and writes them to its profile.",
    discussion: """
      Every technique says what gain it expects; those that apply are tried in that order, alone and then together, in turns \
      with the settings that it began with: the defaults, or what -t, -b, --compute and --lookup say. The profile is written \
      beside the model, MODEL.profile.json; `run`, `chat` and the library take from it what they are not told. Goals: \
      decode@DEPTH, prefill@TOKENS, memory, latency. Ctrl-C ends the search with what was found.
      """)

  @Argument(help: "A model file's path, or the name of a pulled model; else --model.")
  package var subject: String?

  @Option(name: .customLong("for"), help: ArgumentHelp("What to become better at.", valueName: "goal"))
  package var goal = Goal.decode(depth: 0)

  @Option(parsing: .unconditional, help: ArgumentHelp("How much worse the perplexity may get.", valueName: "share"))
  package var maxPpl = Share(0)

  @Option(
    help: ArgumentHelp("For the goal memory, how much slower the work may get.", valueName: "share"))
  package var maxSlowdown = Share(0.1)

  @Option(help: ArgumentHelp("The time that it may take: 90s, 5m.", valueName: "time"))
  package var budget = Span(seconds: 300)

  @Option(help: "Pairs of turns for each candidate; twice as many for the choice.")
  package var pairs: Int = 5

  @Option(parsing: .unconditional, help: "Guesses ahead that it begins with.")
  package var lookup: Int?

  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: "Plain text to measure on; by default prose that comes with the program.")
  package var file: String?

  @Option(help: "The kinds of text to measure on, separated by commas: \(Workload.kinds.joined(separator: ", ")).")
  package var texts: String?

  @Option(help: ArgumentHelp("Write the profile to this file instead.", valueName: "path"))
  package var write: String?

  @Flag(help: "Predict only; try and write nothing.")
  package var dryRun = false

  @OptionGroup package var batch: BatchOptions
  @OptionGroup(title: "Model and settings to begin with") package var model: ModelOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    for kind in texts?.split(separator: ",") ?? [] where !Workload.kinds.contains(String(kind)) {
      throw ValidationError("--texts \(kind): must be of \(Workload.kinds.joined(separator: ", "))")
    }
    if let write, write.isEmpty { throw ValidationError("--write: the path is empty") }
    if !(3...1000).contains(pairs) { throw ValidationError("--pairs \(pairs): must be from 3 to 1000") }
  }

  /// The model's name or path.
  var name: String { subject ?? model.model }

  package func run() async throws {
    let begun = vt_monotonic_seconds()
    let path = try ModelAccess.path(of: name)
    var given = model.engineOptions.settings
    given.stepTokens = batch.size
    given.lookup = lookup
    try given.validate()
    let registry = TechniqueRegistry.builtIn
    let isInterrupted = Atomic<Bool>(false)
    let isSearching = Atomic<Bool>(false)
    let trials = try EngineTrials(
      path, goal: goal, text: try file.map { String(decoding: try readWholeFile($0), as: UTF8.self) },
      kinds: texts.map { $0.split(separator: ",").map(String.init) } ?? Workload.kinds, extensions: registry.extensions,
      memoryProbe: MemoryProbe(model: path) { isInterrupted.load(ordering: .relaxed) }.measure)
    let start = EngineTrials.decided(given)
    let optimizer = Optimizer(
      goal: goal, budget: budget.seconds, allowedPerplexity: maxPpl.value, allowedSlowdown: maxSlowdown.value,
      pairs: pairs, verificationPairs: 2 * pairs)
    let progress = ProgressBar("optimize")
    defer { progress.finish() }
    let (subject, outcome) = try await Interrupts.handled(by: { [goal] in
      isInterrupted.store(true, ordering: .relaxed)
      // Before the search nothing is found that could be lost; only the probe of memory has to clear away.
      return goal == .memory || isSearching.load(ordering: .relaxed)
    }) { [dryRun] in
      let subject = try await trials.subject(start) { progress.show($0) }
      if isInterrupted.load(ordering: .relaxed) { throw CancellationError() }
      isSearching.store(!dryRun, ordering: .relaxed)
      let advices = try registry.advices(for: subject)
      if dryRun { return (subject, Outcome(goal: optimizer.goal, start: start, predicted: advices)) }
      let outcome = try await optimizer.run(
        start: start, standard: EngineTrials.decided(EngineSettings()), advices: advices, trials: trials, begun: begun,
        isInterrupted: { isInterrupted.load(ordering: .relaxed) }, report: { progress.show($0) })
      return (subject, outcome)
    }
    progress.finish()
    // What was not measured again is no better than the defaults for sure: an older profile stays as it is.
    // What was found is said even where it cannot be written.
    var written: String?
    var failure: CommandFailure?
    do {
      if !dryRun, outcome.isVerified { written = try await save(outcome, trials, path: path) }
    } catch { failure = CommandFailure(error) }
    let report = OptimizeReport(model: path, subject: subject, outcome: outcome, profile: written, isDry: dryRun)
    let answer = failure?.added(to: report.json) ?? report.json
    Output.answer(output.json ? answer.line : report.text)
    if let failure {
      Output.note("venturi: \(failure.message)")
      throw failure.status
    }
    if outcome.ending == .interrupted { throw ExitStatus.interrupted }
  }

  private func save(_ outcome: Outcome, _ trials: EngineTrials, path: String) async throws -> String {
    let profile = EngineProfile(
      settings: outcome.chosen.without(EngineTrials.decided(EngineSettings())), goal: goal.name,
      gain: outcome.gain?.median ?? 1, figures: outcome.figures, model: try await trials.fingerprint())
    guard let write else { return try profile.write(for: path) }
    try profile.write(to: write)
    return write
  }
}
