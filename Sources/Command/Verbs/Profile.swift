import ArgumentParser
import Profiling
import Venturi

/// Where a model's time goes.
package struct Profile: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Shows where a model's time goes, operator by operator, against this machine's limits.",
    discussion: """
      Steps run in turns with and without a clock on every operator. A step's time is a median, an operator's the mean over \
      the middle half of the steps, so that all rows add up to a step. The roofline of an operator is \
      the longer of its arithmetic, at the measured rate of its precision, and its traffic, at the measured rate of the \
      memory or cache that it comes from. An operator is bound by overhead when it takes more than four times its \
      roofline. Opportunities are the bottlenecks with most time above the roofline, over a prompt (-p) and the tokens \
      made after it (-n at each depth).
      """)

  @Argument(
    help: ArgumentHelp("A model file's path, or the name of a pulled model; the same as --model.", valueName: "model"))
  package var name: String?

  @Option(name: [.customShort("p"), .customLong("n-prompt")], help: "The prompt's tokens; 0 for no prefill.")
  package var prompt: Int = 512

  @Option(
    name: [.customShort("n"), .customLong("n-gen")], help: "The tokens generated at each depth; 0 for no decode.")
  package var generated: Int = 128

  @Option(name: [.customShort("d"), .customLong("depth")], help: "Tokens that the cache holds before a decode step.")
  package var depths = CountList([0])

  @Option(help: "Seconds of measuring for each phase; at least five pairs of steps.")
  package var seconds: Double = 3

  @Flag(help: "A row for each operator of each layer.")
  package var layers = false

  @Option(help: ArgumentHelp("Write one step of each phase as a trace for Chrome or Perfetto.", valueName: "path"))
  package var trace: String?

  @OptionGroup package var batch: BatchOptions
  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup package var sparse: SparseOption
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if !(0...1_000_000).contains(prompt) { throw ValidationError("--n-prompt \(prompt): must be from 0 to 1000000") }
    if !(0...1_000_000).contains(generated) { throw ValidationError("--n-gen \(generated): must be from 0 to 1000000") }
    if !(1...65536).contains(batchSize) { throw ValidationError("--batch-size \(batchSize): must be from 1 to 65536") }
    try depths.check("--depth", 0...1_000_000)
    if prompt == 0, generated == 0 {
      throw ValidationError("--n-prompt and --n-gen are both 0: nothing is left to profile")
    }
    if !(0...3600).contains(seconds) { throw ValidationError("--seconds \(seconds): must be from 0 to 3600") }
    if let trace, trace.isEmpty { throw ValidationError("--trace: the path is empty") }
  }

  /// The model's name or path, as given.
  package var modelName: String { name ?? model.model }

  private var batchSize: Int { batch.size ?? EngineOptions.defaultStepTokens }
  private var compute: ComputeMode { model.compute ?? .fast }

  package func run() throws {
    let engine = model.engineOptions
    try engine.validate()
    let path = try ModelAccess.path(of: modelName)
    let context = Context(threads: engine.threads)
    let progress = ProgressBar("profile")
    defer { progress.finish() }
    progress.show("loading")
    let loaded = try ModelLoader.load(
      path: path,
      options: LoadOptions(
        compute: compute, cache: engine.cache, memoryLimit: engine.memoryLimit, stepTokens: batchSize,
        sparse: sparse.sparse),
      context: context)
    let workload = ModelProfile.Workload(
      prompt: prompt, generated: generated, depths: depths.values, chunk: batchSize)
    let profile = try ModelProfile.measure(loaded.model, context: context, workload: workload, seconds: seconds) {
      progress.show("measuring \($0)")
    }
    progress.finish()
    if let trace { try writeFileAtomically(trace, Array((ChromeTrace.json(profile).line + "\n").utf8)) }
    let report = ProfileReport(
      profile: profile, description: loaded.model.description, path: path, compute: compute, workload: workload)
    Output.answer(output.json ? report.json(byLayer: layers).line : report.text(byLayer: layers))
  }
}
