import ArgumentParser
import Console
import Planner
import Profiling
import Tuning
import Venturi

extension HardwareVariant: ExpressibleByArgument {}

/// What trials measure, and what they must keep to.
package struct TrialOptions: ParsableArguments {
  @Option(name: [.customShort("m"), .customLong("model")], help: "A model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Option(
    help: ArgumentHelp(
      "Requests, all there at once, as JSON lines: prompt or prompt_tokens, and output_tokens. By default 32 prompts of 16 to 256 "
        + "tokens with 32 tokens each to answer.", valueName: "file"))
  package var workload: String?

  @Option(name: [.customShort("s"), .customLong("seed")], help: "The seed of the prompts' text and of all choices.")
  package var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("Settings under which 95 % of the answers take longer count as failures.", valueName: "seconds"))
  package var maxLatency: Double?

  @Option(
    help: ArgumentHelp("So do settings that take more memory.", valueName: "bytes, 512M, 2G"))
  package var maxMemory: ByteCount?

  @Option(
    help: ArgumentHelp(
      "A trial that takes longer is killed and counts as a failure; ten times what the engine's own settings take by default, a minute at "
        + "least.", valueName: "seconds"))
  package var trialTimeout: Double?

  @Option(
    help: ArgumentHelp(
      "Where results are kept, by program, model, machine, settings and requests; in the home by default.",
      valueName: "file"))
  package var log: String?

  @Option(help: "What machine this one is made into.") package var hardware = HardwareVariant.native

  @Flag(help: "Keep no results, and use none that were kept.")
  package var fresh = false

  package init() {}

  package func validate() throws {
    for (name, value) in [("--max-latency", maxLatency), ("--trial-timeout", trialTimeout)] {
      if let value, !(value > 0 && value <= 86_400) {
        throw ValidationError("\(name) \(value): must be above 0 and at most 86400")
      }
    }
    if seed > UInt64(Int.max) { throw ValidationError("--seed \(seed): must be at most \(Int.max)") }
    if fresh, log != nil { throw ValidationError("--fresh keeps nothing: --log has no place") }
  }

  /// The requests.
  ///
  /// - Throws: `ProfilingError`.
  func requests() throws -> ServedWorkload {
    guard let workload else { return .standard(seed: seed) }
    return try ServedWorkload(parsing: try readWholeFile(workload))
  }

  /// A bench for the model.
  ///
  /// - Throws: what reading model, program and store throws.
  func bench() throws -> ServingBench {
    guard let program = Files.programPath else {
      throw CommandFailure(status: .unavailable, kind: "unavailable", message: "this program cannot find itself")
    }
    var options = ServingBench.Options()
    options.seed = seed
    options.limits = TrialLimits(latency95: maxLatency, bytes: maxMemory?.bytes)
    options.timeout = trialTimeout
    var process = TrialProcess(command: [program, "tune", "trial"])
    try hardware.apply(to: &process, &options)
    let path = try ModelAccess.path(of: model)
    return try ServingBench(
      model: path, workload: try requests(), process: process,
      store: fresh ? nil : try CellStore(path: log ?? ServingBench.defaultStore(path)), options: options)
  }

  /// Runs `body` on a thread that may wait; Ctrl-C ends it before its next trial, and the trial that runs at once.
  ///
  /// - Throws: what `body` throws; an error of the planner as one of usage.
  static func run(_ body: @escaping @Sendable () throws -> Void) async throws {
    let task = Task.detached {
      do { try body() } catch let error as PlannerError {
        throw CommandFailure(status: .usage, kind: "usage", message: "\(error)")
      }
    }
    try await Interrupts.value(of: task, cancelledAlsoBy: [.terminate])
  }
}
