import ArgumentParser
import Profiling
import Venturi

extension Pooling.Method: ExpressibleByArgument {}

/// Texts to vectors.
package struct Embed: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Turns texts into vectors by a sentence encoder.",
    discussion: """
      Texts are arguments, the lines of a file, or standard input's. Vectors go to standard output, one JSON array a line, \
      or to a file: a matrix of f32 in numpy's form (.npy), or a JSON object a line (.jsonl). The file gets its name when it \
      is whole. Texts beyond the model's length are cut, and it is said which.
      """)

  @Argument(help: "The texts; none, or `-`, reads a text from each line of standard input.")
  package var texts: [String] = []

  @Option(
    name: [.customShort("m"), .customLong("encoder")],
    help: "A model's file or folder, or the name of a pulled model.")
  package var encoder = "minilm"

  @Option(name: [.customShort("f"), .customLong("file")], help: "Read a text from each line of a file.")
  package var file: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Write the vectors to this file.", valueName: "FILE.npy|FILE.jsonl"))
  package var path: String?

  @Option(help: "What is taken of a text's tokens: their mean, the first or the last; the model's own way by default.")
  package var pooling: Pooling.Method?

  @Flag(help: "Leave the vectors as long as they are.")
  package var noNormalize = false

  @Option(
    name: [.customShort("t"), .customLong("threads")], parsing: .unconditional,
    help: "Threads that compute; by default one per processor.")
  package var threads: Int?

  @Option(
    help: "fast: 8 or 16-bit activations on quantised weights. f32: all computed in f32, as f32 weights always are.")
  package var compute: ComputeMode = .fast

  @Option(help: ArgumentHelp("Refuse a model that needs more memory than this.", valueName: "bytes, 512M, 2G"))
  package var memoryLimit: ByteCount?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if !texts.isEmpty, file != nil { throw ValidationError("texts come from arguments or from --file, not from both") }
    if texts.contains("-"), texts.count > 1 { throw ValidationError("`-` stands alone") }
    if let path, VectorFile.Form(path: path) == nil {
      throw ValidationError("--output \(path): must end in .npy or .jsonl")
    }
  }

  /// The texts that are embedded together before anything is written.
  private static let window = 2048

  package func run() async throws {
    let lines = try input()
    var options = EmbedderOptions(compute: compute, threads: threads, memoryLimit: memoryLimit?.bytes)
    let embedder = try await Embedder.load(try ModelAccess.path(of: encoder), options: options)
    if pooling != nil || noNormalize {
      options.pooling = Pooling(
        pooling ?? embedder.pooling.method, normalizes: embedder.pooling.normalizes && !noNormalize)
    }
    let chosen = try options.pooling.map { try embedder.with(pooling: $0) } ?? embedder
    let sink = try VectorFile(path: path, rows: lines.count, columns: chosen.dimension, json: output.json)
    let progress = ProgressBar("embed", enabled: path != nil && Output.noteIsTerminal)
    let work = Task { try await Self.embed(lines, by: chosen, into: sink, progress) }
    let truncated = try await Interrupts.value(of: work)
    progress.finish()
    try await sink.finish()
    note(truncated, of: chosen)
    if let path, output.json {
      let report: JSON = [
        "output": .string(path), "count": .integer(lines.count), "dimension": .integer(chosen.dimension),
        "truncated": .array(truncated.map { .integer($0) }),
      ]
      Output.answer(report.line)
    }
  }

  private func input() throws -> [String] {
    if !texts.isEmpty, texts != ["-"] { return texts }
    var lines = try InputText.file(file ?? "-").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if file != nil, file != "-", lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map(String.init)
  }

  /// Embeds window by window; gives the numbers of the texts that were cut.
  private static func embed(
    _ lines: [String], by embedder: Embedder, into sink: VectorFile, _ progress: ProgressBar
  ) async throws -> [Int] {
    defer { progress.finish() }
    var truncated: [Int] = []
    for start in stride(from: 0, to: lines.count, by: window) {
      let result = try await embedder.embed(Array(lines[start..<min(start + window, lines.count)])) { done in
        progress.show("\(start + done) of \(lines.count) texts")
      }
      truncated += result.truncated.map { start + $0 }
      try await sink.append(result)
    }
    return truncated
  }

  private func note(_ truncated: [Int], of embedder: Embedder) {
    guard let first = truncated.first else { return }
    let limit = embedder.maxTokens
    Output.note(
      truncated.count == 1
        ? "note: text \(first + 1) has more than \(limit) tokens; its vector stands for its beginning"
        : "note: \(truncated.count) texts, the first of them number \(first + 1), have more than \(limit) tokens; their "
          + "vectors stand for their beginnings")
  }
}
