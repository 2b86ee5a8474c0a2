import ArgumentParser
import Profiling

/// The command's root: verbs, and what holds for all of them.
package struct VenturiCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi",
    abstract: "Runs, measures and inspects language models on this machine's processors.",
    discussion: """
      Every option of a verb can be given by an environment variable too: --threads by VENTURI_THREADS. A flag counts \
      over the environment, the environment over the configuration file, that over the model's profile, and that over the \
      default; \
      `venturi doctor --show-origin` says which counts. Exit codes: 0 done, 1 failed, 2 wrong usage, 65 bad model \
      file, 69 something is missing, 75 overloaded, 130 interrupted.
      """,
    version: Version.text,
    subcommands: [
      Run.self, Chat.self, Pull.self, Ls.self, Show.self, Rm.self, Tokenize.self, Bench.self, Optimize.self, Eval.self,
      Doctor.self,
    ])

  package init() {}

  /// Parses and runs; prints what went wrong and returns the exit code.
  package static func execute(_ arguments: [String]) -> ExitStatus {
    var wantsJSON = arguments.contains("--json") || Settings.isOn(environmentValue("VENTURI_JSON"))
    var command: (any ParsableCommand)?
    do {
      let settings = try Settings.load()
      let completed = settings.completing(arguments)
      wantsJSON = wantsJSON || completed.contains("--json")
      Interrupts.reportAsJSON(wantsJSON)
      try refuseUnknownVerb(arguments)
      do { command = try parseAsRoot(completed) } catch {
        return finish(parsing: error, settings.origins(completed, beside: arguments), wantsJSON)
      }
      if let asynchronous = command as? any AsyncParsableCommand {
        nonisolated(unsafe) let verb = asynchronous
        try Waiting.run {
          var verb = verb
          try await verb.run()
        }
      } else {
        try command?.run()
      }
      return .ok
    } catch let status as ExitStatus {
      return status
    } catch let exit as ExitCode {
      return ExitStatus(rawValue: exit.rawValue) ?? .failure
    } catch {
      if exitCode(for: error) == .success || error is CleanExit { return finish(parsing: error, [], wantsJSON) }
      let failure = CommandFailure(error).naming((command as? any ModelVerb)?.modelName)
      Output.failure(failure, json: wantsJSON)
      return failure.status
    }
  }

  /// Refuses a first word that is no verb, and says what may be meant; the parser would only call it unexpected.
  private static func refuseUnknownVerb(_ arguments: [String]) throws(CommandFailure) {
    guard let verb = arguments.first, !verb.hasPrefix("-"), !Siblings.verbs.contains(verb) else { return }
    if let purpose = Siblings.known[verb] {
      throw CommandFailure(
        status: .unavailable, kind: "unavailable",
        message: "'\(verb)' is done by the program venturi-\(verb), which is not installed (\(purpose))")
    }
    let meant = NearestWord.of(verb, among: Siblings.verbs).map { "did you mean '\($0)'? " } ?? ""
    throw CommandFailure(
      status: .usage, kind: "usage", message: "'\(verb)' is no verb; \(meant)`venturi --help` lists them")
  }

  /// Help and versions are answers; everything else that parsing says is an error of usage.
  private static func finish(parsing error: any Error, _ origins: [String], _ wantsJSON: Bool) -> ExitStatus {
    if exitCode(for: error) == .success {
      Output.answer(fullMessage(for: error))
      return .ok
    }
    let failure = CommandFailure(status: .usage, kind: "usage", message: message(for: error))
    if wantsJSON { Output.answer(failure.json.line) }
    Output.note(fullMessage(for: error))
    for origin in origins { Output.note(origin) }
    return .usage
  }
}
