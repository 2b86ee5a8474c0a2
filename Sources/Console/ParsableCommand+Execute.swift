import ArgumentParser
import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ParsableCommand {
  /// Runs a whole program with this type as the root: from the standard files to the exit code.
  package static func start(_ arguments: [String]) -> Never {
    StandardFiles.occupy()
    Interrupts.install()
    leave(execute(arguments))
  }

  /// The words that this program takes first.
  package static var verbs: Set<String> { Set(configuration.subcommands.map { $0._commandName } + ["help"]) }

  /// Parses and runs with this type as the root, the way all programs of the house do: settings from the environment and
  /// the configuration file, errors as sentences and, where JSON is wanted, as objects.
  ///
  /// - Returns: the exit code.
  package static func execute(_ arguments: [String]) -> ExitStatus {
    var wantsJSON = arguments.contains("--json") || Settings.isOn(environmentValue("VENTURI_JSON"))
    var command: (any ParsableCommand)?
    do {
      let settings = try Settings.load()
      let completed = settings.completing(arguments, program: (self as? any SingleVerbProgram.Type)?.verb)
      wantsJSON = wantsJSON || completed.contains("--json")
      Interrupts.reportAsJSON(wantsJSON)
      try refuseUnknownVerb(arguments)
      do { command = try parseAsRoot(completed) } catch {
        return finish(parsing: error, settings.origins(completed, beside: arguments), wantsJSON)
      }
      try refuseUnknownKernels(environmentValue("VENTURI_KERNELS"))
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

  /// The parser's description of every verb.
  package static var dumpedHelp: JSON? {
    do {
      _ = try parseAsRoot(["--experimental-dump-help"])
      return nil
    } catch { return try? JSON(parsing: fullMessage(for: error)) }
  }

  /// Refuses a name of kernels that there are none of here; the library would run the fastest instead.
  private static func refuseUnknownKernels(_ name: String?) throws(CommandFailure) {
    guard let name, !name.isEmpty, KernelSet(rawValue: name)?.isSupported != true else { return }
    let names = KernelSet.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: ", ")
    throw CommandFailure(
      status: .usage, kind: "usage", message: "VENTURI_KERNELS '\(name)': this processor runs \(names)")
  }

  /// Refuses a first word that is no verb, and says what may be meant; the parser would only call it unexpected.
  private static func refuseUnknownVerb(_ arguments: [String]) throws(CommandFailure) {
    func absent(_ call: String, _ sibling: String) -> CommandFailure {
      let purpose = Siblings.known[sibling].map { " (\($0))" } ?? ""
      return CommandFailure(
        status: .unavailable, kind: "unavailable",
        message: "'\(call)' is done by the program venturi-\(sibling), which is not installed\(purpose)")
    }
    // Such a call would have become the sibling; of the hub's, `pull` says more.
    if _commandName == "venturi", let exception = Siblings.exception(arguments), exception.sibling != "hub" {
      throw absent(arguments.prefix(2).joined(separator: " "), exception.sibling)
    }
    if (self as? any SingleVerbProgram.Type)?.takesWords == true { return }
    guard let verb = arguments.first, !verb.hasPrefix("-"), !verbs.contains(verb) else { return }
    let sibling = Siblings.name(for: verb)
    if Siblings.known[sibling] != nil { throw absent(verb, sibling) }
    let meant = NearestWord.of(verb, among: verbs.union(Siblings.verbs.keys)).map { "did you mean '\($0)'? " } ?? ""
    throw CommandFailure(
      status: .usage, kind: "usage", message: "'\(verb)' is no verb; \(meant)`\(_commandName) --help` lists them")
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

/// A command has an `exit` of its own.
private func leave(_ status: ExitStatus) -> Never { exit(status.rawValue) }
