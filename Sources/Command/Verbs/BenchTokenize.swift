import ArgumentParser
import Profiling
import Venturi

/// Text to token ids.
package struct BenchTokenize: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Token ids of a text, in parts of 4 KiB, on one thread.")

  @Option(name: [.customShort("m"), .customLong("model")], help: "A model's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Option(name: [.customShort("f"), .customLong("file")], help: "The text.")
  package var file: String

  @OptionGroup(title: "Benchmark") package var bench: BenchOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let path = try ModelAccess.path(of: model)
    let text = try readWholeFile(file)
    if text.isEmpty { throw ValidationError("--file \(file): the file is empty") }
    let operation = TokenizeCase(
      tokenizer: try ModelAccess.tokenizer(model), model: path, text: text, file: file)
    try bench.measure([operation], subject: "tokenize \(file)", threads: CountList([1]), output: output)
  }
}
