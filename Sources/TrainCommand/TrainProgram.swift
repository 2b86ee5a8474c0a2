import ArgumentParser
import ConfigurationFiles
import Console
import Formats
import NumericTypes
import Synchronization
import Tensors
import Training

/// Trains a model as a file describes it.
package struct TrainProgram: AsyncParsableCommand, SingleVerbProgram {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-train", abstract: "Trains a model as a YAML file describes it.",
    discussion: """
      The run's folder gets checkpoints, `step-00001234/`, `metrics.jsonl`, a JSON object for a line, and `loss.svg`, drawn anew while it goes on. A run that was \
      interrupted, by whatever, goes on with --resume as if nothing had been. Ctrl-C saves and ends with 130; a second one \
      ends at once. Sections: model, peft, data, optimizer, schedule, average, wtaCRS, fp4, evaluate, checkpoint, log; \
      beside them rule, batch, accumulate, clip, seed, and steps or epochs.
      """,
    version: Version.text)
  package static let verb = "train"
  package static let takesWords = true

  @Argument(help: "The file that describes the run.")
  package var config: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Another value for a field; repeatable.", valueName: "field=value"))
  package var set: [String] = []

  @Flag(help: "Go on from the newest whole checkpoint in the folder; from the beginning where there is none.")
  package var resume = false

  @Option(
    help: ArgumentHelp("The run's folder; by default runs/ and the name of the file.", valueName: "folder"))
  package var out: String?

  @Option(
    help: ArgumentHelp(
      "Refuse a run that needs more memory than this; else what is free counts.", valueName: "bytes, 512M, 2G"))
  package var memoryLimit: ByteCount?

  @OptionGroup package var computing: ThreadOptions

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if out == "" { throw ValidationError("--out: the path is empty") }
  }

  package func run() async throws {
    var json = try ConfigurationFile.read(config)
    for assignment in set { json = try json.setting(assignment) }
    let configuration = try RunConfiguration(json)
    let plan = TrainingPlan(
      configuration, folder: folder, isResumed: resume, memoryLimit: memoryLimit?.bytes,
      context: Context(threads: computing.threads))
    let isInterrupted = Atomic<Bool>(false)
    let progress = TrainingProgress()
    var plot = RunPlot(folder: folder)
    let outcome = try await Interrupts.handled(by: {
      isInterrupted.store(true, ordering: .relaxed)
      return true
    }) {
      defer { progress.finish() }
      return try plan.run(isCancelled: { isInterrupted.load(ordering: .relaxed) }) { event in
        progress.show(event)
        plot.add(event)
      }
    }
    for line in outcome.figureLines { Output.note(line) }
    Output.answer(output.json ? outcome.json.line : outcome.checkpoint ?? "")
    if outcome.reason == .cancelled { throw ExitStatus.interrupted }
  }

  /// The run's folder, without slashes at its end.
  private var folder: String {
    var folder =
      out ?? "runs/" + (config.split(separator: "/").last.map { $0.split(separator: ".")[0...0].joined() } ?? "run")
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    return folder
  }
}

extension TrainingOutcome {
  /// The last line of a run.
  package var json: JSON {
    [
      "reason": .string(reason.rawValue), "steps": .integer(steps), "seconds": .rounded(seconds),
      "samplesPerSecond": .rounded(samplesPerSecond), "targetsPerSecond": .rounded(targetsPerSecond),
      "trainLoss": trainLoss.map { .number($0) } ?? .null,
      "validation": .object(
        validation.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }),
      "peakBytes": .integer(peakBytes), "neededBytes": neededBytes.map { .integer($0) } ?? .null,
      "checkpoint": checkpoint.map { .string($0) } ?? .null, "figures": figures,
    ]
  }
}
