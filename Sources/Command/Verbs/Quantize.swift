import ArgumentParser
import Compression
import Profiling
import Synchronization
import Venturi

/// Writes a model with smaller weights.
package struct Quantize: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "quantize", abstract: "Writes a model with its weights in smaller types.",
    discussion: """
      Mixtures are llama.cpp's: \(QuantizationRecipe.allValueStrings.joined(separator: ", ")). Weights whose rows are no \
      multiple of 256 get a type with blocks of 32 where a mixture wants a K type. With a text (--imatrix-text) or an \
      importance file (--imatrix) rounding errors are moved to where inputs are small. --report measures size, perplexity, \
      divergence from the source and speed, beside the neighbouring mixtures.
      """)

  @Argument(help: "The model: a file's path, a folder in Hugging Face's form, or the name of a pulled model.")
  package var source: String

  @Argument(help: "The file to write; none with --dry-run.")
  package var target: String?

  @Option(help: "The mixture of types.")
  package var type: QuantizationRecipe

  @Flag(help: "All weights get the mixture's own type.")
  package var pure = false

  @Option(
    help: ArgumentHelp("A type for the tensors in whose name a regular expression is found.", valueName: "expr=type"))
  package var tensorType: [TensorType] = []

  @Option(help: "The type of the output head.")
  package var outputTensorType: WeightType?

  @Option(help: "The type of the embedding.")
  package var tokenEmbeddingType: WeightType?

  @Flag(help: "Quantise weights that are quantised already.")
  package var allowRequantize = false

  @Option(
    help: ArgumentHelp(
      "Merge a low-rank adapter into the weights first: a folder that PEFT wrote, or a GGUF file; PATH:SCALE has it count so much.",
      valueName: "path[:scale]"))
  package var lora: LoRAArgument?

  @Option(help: ArgumentHelp("An importance file, as llama-imatrix writes it.", valueName: "path"))
  package var imatrix: String?

  @Option(help: ArgumentHelp("Learn from this text which columns matter.", valueName: "path"))
  package var imatrixText: String?

  @Option(help: ArgumentHelp("Keep what was learned in this file.", valueName: "path"))
  package var writeImatrix: String?

  @Flag(help: "Say what would become of each tensor, and write nothing.")
  package var dryRun = false

  @Flag(help: "Measure the result beside its source and the neighbouring mixtures.")
  package var report = false

  @Option(help: ArgumentHelp("Mixtures to report instead of the neighbouring ones.", valueName: "types"))
  package var beside: RecipeList?

  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: "The report's text; by default the prose that comes with the program.")
  package var file: String?

  @Option(help: "The most windows of the report's text to score.")
  package var windows: Int?

  @OptionGroup package var computing: ThreadOptions

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if let windows, windows < 1 { throw ValidationError("--windows \(windows): must be at least 1") }
    if target == nil, !dryRun { throw ValidationError("the file to write is missing") }
    if target == "" { throw ValidationError("the path of the file to write is empty") }
    if imatrix != nil, imatrixText != nil {
      throw ValidationError("--imatrix and --imatrix-text exclude each other")
    }
    if writeImatrix != nil, imatrixText == nil { throw ValidationError("--write-imatrix needs --imatrix-text") }
    if lora != nil, report || imatrixText != nil {
      throw ValidationError("--report and --imatrix-text measure the source: they do not go with --lora")
    }
    if dryRun, report { throw ValidationError("--report needs a result, --dry-run gives none") }
    if !report, beside != nil || file != nil || windows != nil {
      throw ValidationError("--beside, --file and --windows belong to --report")
    }
  }

  package func run() async throws {
    let isInterrupted = Atomic<Bool>(false)
    let answer = try await Interrupts.handled(by: {
      isInterrupted.store(true, ordering: .relaxed)
      return true
    }) {
      try work { if isInterrupted.load(ordering: .relaxed) { throw CancellationError() } }
    }
    Output.answer(output.json ? answer.json.line : answer.text)
  }

  /// Does everything; `check` throws when the user wants no more of it.
  private func work(check: @escaping () throws -> Void) throws -> QuantizeReport {
    let path = try ModelAccess.path(of: source)
    let checkpoint = try source(at: path)
    var options = QuantizationOptions(recipe: type)
    options.isPure = pure
    options.overrides = tensorType.map(\.override)
    options.outputType = outputTensorType?.dtype
    options.embeddingType = tokenEmbeddingType?.dtype
    options.allowsRequantizing = allowRequantize
    options.importance = try importance(path, check)
    let quantizer = try ModelQuantizer(checkpoint, options: options)
    var report = QuantizeReport(path: dryRun ? nil : target, plan: quantizer.plan, recipe: type)
    note(quantizer)
    guard let target, !dryRun else { return report }
    report.seconds = try TimingProtocol.time {
      report.bytes = try Self.write(quantizer, to: target, threads: computing.threads, check)
    }
    guard self.report else { return report }
    let trial = try QuantizationTrial(
      source: path, text: file.map { try readWholeFile($0) }, name: file, windows: windows ?? .max,
      threads: computing.threads,
      check: check)
    let recipes = (beside?.recipes ?? type.neighbours).filter { $0 != type }
    report.trial = try trial.measure(quantizer: quantizer, target: target, beside: recipes)
    return report
  }

  /// The model, the adapter merged into it where there is one.
  private func source(at path: String) throws -> Checkpoint {
    let checkpoint = try Checkpoint(path: path)
    guard let adapter = lora?.source else { return checkpoint }
    let changes = try adapter.read(baseHash: ModelFingerprint(checkpoint).digest)
    let quantized = try checkpoint.tensors(changedBy: changes).first { $0.dtype.isBlockQuantized }
    if let quantized, !allowRequantize {
      throw CompressionError.alreadyQuantized(tensor: quantized.name, type: quantized.dtype)
    }
    return try checkpoint.merged(with: changes, scale: adapter.scale)
  }

  /// Writes a file while a line on the terminal shows how far it is; its bytes.
  static func write(
    _ quantizer: ModelQuantizer, to path: String, threads: Int?, _ check: () throws -> Void
  ) throws -> Int {
    let progress = ProgressBar("quantize")
    defer { progress.finish() }
    return try quantizer.write(to: path, workers: Workers(count: threads)) { state in
      try check()
      let share = Double(state.elements) / Double(max(1, state.total))
      progress.show(
        "\(quantizer.options.recipe.rawValue)  \(Human.fixed(share * 100, 0)) %  tensor \(state.number + 1) of "
          + "\(state.count), \(Output.printable(state.tensor))")
    }
  }

  /// How much the columns matter, from a file or a text.
  private func importance(_ path: String, _ check: () throws -> Void) throws -> Importance? {
    if let imatrix {
      let storage = try Storage(mapping: imatrix)
      return try storage.reading { try Importance(GGUFFile(storage.bytes, keeper: storage)) }
    }
    guard let imatrixText else { return nil }
    let evaluation = try Evaluation(
      bytes: try readWholeFile(imatrixText), path: path,
      options: EngineOptions(threads: computing.threads, profile: .none))
    let model = try evaluation.load(compute: .f32, rows: 1, stepTokens: Importance.window)
    let progress = ProgressBar("importance")
    defer { progress.finish() }
    let importance = try Importance(
      of: model, tokens: evaluation.tokens, beginning: evaluation.beginning, dataset: imatrixText,
      context: evaluation.context
    ) { piece, count in
      try check()
      progress.show("piece \(piece) of \(count)")
    }
    if let writeImatrix { try writeFileAtomically(writeImatrix, importance.encoded()) }
    return importance
  }

  /// What users should know of a plan.
  private func note(_ quantizer: ModelQuantizer) {
    let unsuited = quantizer.plan.items.filter { $0.unsuited != nil }.count
    if unsuited > 0 {
      Output.note("note: \(unsuited) tensors are of a width that their type does not divide; they get another one")
    }
    guard let importance = quantizer.options.importance else { return }
    let missing = quantizer.plan.items.filter { item in
      !item.isKept && item.tensor.name != "token_embd.weight" && item.tensor.name != "output.weight"
        && importance.entries[item.tensor.name] == nil
    }
    if let first = missing.first {
      Output.note("note: nothing is known of the importance of \(missing.count) tensors, \(first.tensor.name) first")
    }
  }
}
