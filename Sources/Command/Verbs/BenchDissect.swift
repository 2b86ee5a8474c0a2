import ArgumentParser
import Console
import Costs
import Profiling
import Tensors
import Venturi

/// Steps taken apart, technique by technique.
package struct BenchDissect: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "dissect",
    abstract: "Steps of training or serving taken apart by module and operator, technique by technique.",
    discussion: """
      Cells of --grid are techniques, joined by +: N none, F fused attention, R blocks computed again, O the optimizer's state on \
      the disk, L low-rank changes (rank 8), QL the same beside matrices in 4 bits; Z2 and Z3 need ranks and are refused. A cell \
      that cannot be is refused with its reason, the others are measured. Level 1 is the step, level 2 its modules, level 3 \
      products alone and operators that memory holds up, against this machine's measured limits. \
      30m is a fresh model of Llama's make; a checkpoint's weights are decoded to f32 for training. With --memory-limit and \
      --largest the largest batch is looked for that fits, and measured too. In --mode serve requests arrive all at once.
      """)

  @Option(help: ArgumentHelp("train, finetune or serve.", valueName: "mode"))
  package var mode = DissectionMode.train

  @Option(
    name: [.customShort("m"), .customLong("model")], help: "30m, a model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Option(
    help: ArgumentHelp(
      "Cells, separated by commas; N,F,R,F+R,O to train, N,F,F+L,F+QL to finetune, N to serve.", valueName: "cells"))
  package var grid: String?

  @Option(help: "Rows of a batch.")
  package var rows = 1

  @Option(help: "Tokens of a row.")
  package var length = 256

  @Option(help: "Pairs of steps, one timed as a whole, one operator by operator.")
  package var steps = 3

  @Option(help: ArgumentHelp("Bytes that there may be; K, M and G for powers of 1024.", valueName: "bytes"))
  package var memoryLimit: ByteCount?

  @Option(help: ArgumentHelp("The most rows that a largest batch is looked for with.", valueName: "rows"))
  package var largest = 0

  @Option(name: [.customShort("p"), .customLong("n-prompt")], help: "Tokens of a prompt that is served.")
  package var prompt = 128

  @Option(name: [.customShort("n"), .customLong("n-gen")], help: "Tokens made after it.")
  package var generated = 32

  @Option(help: "Numbers of requests that arrive together.")
  package var requests = CountList([1, 4, 8])

  @OptionGroup package var computing: ThreadOptions

  @Option(help: ArgumentHelp("Write a step of each cell as a trace for Chrome or Perfetto.", valueName: "path"))
  package var trace: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if let trace, trace.isEmpty { throw ValidationError("--trace: the path is empty") }
    if largest > 0, memoryLimit == nil {
      throw ValidationError("--largest: a largest batch is one within --memory-limit")
    }
  }

  private var threads: Int { computing.threads ?? KernelThreads.all }

  package func run() throws {
    let usual =
      switch mode {
      case .train: "N,F,R,F+R,O"
      case .finetune: "N,F,F+L,F+QL"
      case .serve: "N"
      }
    let cells = try DissectionCell.grid(parsing: grid ?? usual)
    if mode == .serve { return try serve(cells) }
    let subject: DissectionSubject =
      try model.lowercased() == "30m" ? .small : .checkpoint(Checkpoint(path: ModelAccess.path(of: model)))
    let dissection = Dissection(
      subject, mode: mode, rows: rows, length: length, steps: steps, memoryLimit: memoryLimit?.bytes,
      largestRows: largest)
    let progress = ProgressBar("dissect")
    defer { progress.finish() }
    let result = try dissection.run(cells, threads: threads, report: { progress.show($0) })
    progress.finish()
    try write(result.cells.compactMap { cell in cell.recorded.last.map { (name: cell.cell.name, step: $0) } })
    Output.answer(output.json ? result.json.line : DissectionReport(result: result).text)
  }

  private func serve(_ cells: [DissectionCell]) throws {
    for cell in cells { try cell.prove(in: .serve) }
    let context = Context(threads: threads)
    let loaded = try ModelLoader.load(path: ModelAccess.path(of: model), context: context).model
    let progress = ProgressBar("dissect")
    defer { progress.finish() }
    let result = try ServingDissection(prompt: prompt, generated: generated, batches: requests.values)
      .run(loaded, context: context, report: { progress.show($0) })
    progress.finish()
    try write([(name: "prefill", step: result.prefill), (name: "decode", step: result.decode)])
    Output.answer(output.json ? result.json.line : DissectionReport.text(of: result))
  }

  private func write(_ steps: [(name: String, step: DissectedStep)]) throws {
    guard let trace else { return }
    try writeFileAtomically(trace, Array((DissectionSpan.trace(steps).line + "\n").utf8))
  }
}

extension DissectionMode: ExpressibleByArgument {}

extension DissectionError: ClassifiedError {
  package var status: ExitStatus { .usage }
  package var kindOfFailure: String { "cannot_dissect" }
}
