import ArgumentParser
import Atlas
import Catalogue
import Console
import Profiling
import Synchronization
import Venturi

/// Repeats a published system's experiment.
package struct Reproduce: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "reproduce", abstract: "Checks a system, measures it beside its peers, and keeps the result.",
    discussion: """
      Checks come first: a failed one ends with exit code 1 and nothing is measured. Then ours and the peer take turns; a \
      target of the sheet that the median misses ends with 3. A peer that is not installed is reported as absent: `make \
      peers` installs them.
      """)

  @Argument(help: "The system's number, slug or name.")
  package var system: String

  @Flag(help: "Smaller cases: to try it out. The result is marked and is no headline.")
  package var quick = false

  @Option(
    name: [.customShort("t"), .customLong("threads")], help: "Threads that compute; the sheets' figures are for 2.")
  package var threads: Int = min(2, KernelThreads.all)

  @Option(help: "Turns of each contestant that count; by default 10, or 3 with --quick.")
  package var pairs: Int?

  @Option(help: "Turns of each contestant before those.")
  package var warmUp: Int = 1

  @Option(
    help: ArgumentHelp(
      "Write what other verbs can read, such as measured profiles, to this folder.", valueName: "folder"))
  package var keep: String?

  @OptionGroup(title: "Store") package var store: StoreOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if keep?.isEmpty == true { throw ValidationError("--keep: the path is empty") }
    if let pairs, !(1...1000).contains(pairs) { throw ValidationError("--pairs \(pairs): must be from 1 to 1000") }
    if !(0...1000).contains(warmUp) { throw ValidationError("--warm-up \(warmUp): must be from 0 to 1000") }
    if !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): must be from 1 to 1024") }
  }

  package func run() async throws {
    let entry = try SystemAccess.entry(system)
    guard let reproduction = Reproductions.of(entry) else {
      throw CommandFailure(
        status: .unavailable, kind: "unavailable",
        message: "\(entry.label) \(entry.name) is \(entry.state.rawValue): it has no reproduction yet")
    }
    // What cannot be kept is known before minutes are spent on it.
    let opened = try store.open(toKeep: true)
    let progress = ProgressBar("reproduce \(entry.label)")
    let cancelled = Request()
    var machine = MachineReport.json.members ?? []
    machine.append(JSON.Member("threads", .integer(threads)))
    let folder = keep
    let conditions = RunConditions(
      quick: quick, threads: threads,
      timing: TimingProtocol(warmUps: warmUp, pairs: pairs ?? (quick ? 3 : 10)), peers: .installed,
      modelPath: try? ModelHome().file(for: "smollm2"), machine: .object(machine),
      keep: { name, value in
        if let folder { try writeFileAtomically("\(folder)/\(name)", Array((value.line + "\n").utf8)) }
      },
      report: { progress.show($0) },
      isCancelled: { cancelled.isSet })
    let result = try await Interrupts.handled(by: {
      cancelled.set()
      return true
    }) { try await reproduction.run(conditions) }
    progress.finish()
    // What was found is said even where it cannot be kept.
    var failure: CommandFailure?
    do throws(CommandFailure) {
      try store.reporting { () throws(StoreError) in try opened.keep(result) }
    } catch { failure = error }
    let answer = failure?.added(to: result.json) ?? result.json
    Output.answer(output.json ? answer.line : ReproduceReport.text(result))
    for line in ReproduceReport.misses(result) { Output.note(line) }
    if let failure {
      Output.note("venturi: not kept: \(failure.message)")
      throw failure.status
    }
    switch result.outcome {
    case .reproduced: return
    case .checkFailed: throw ExitStatus.failure
    case .targetMissed: throw ExitStatus.targetMissed
    }
  }

  /// Set by one thread, seen by others.
  private final class Request: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
  }
}
