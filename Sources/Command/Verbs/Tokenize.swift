import ArgumentParser
import Profiling
import Venturi

/// Text to token ids, and back.
package struct Tokenize: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turns text into a model's token ids.",
    discussion: "Special tokens written in the text become those tokens, as in llama-tokenize.")

  @Argument(help: "The text; `-` or nothing reads standard input.")
  package var text: String?

  @Option(name: [.customShort("m"), .customLong("model")], help: "A model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Option(name: [.customShort("f"), .customLong("file")], help: "Read the text from a file.")
  package var file: String?

  @Flag(help: "Take special tokens in the text as plain text.")
  package var noParseSpecial = false

  @Flag(help: "Leave out the token that the model wants before every text.")
  package var noBos = false

  @Flag(help: "Print only the ids.")
  package var ids = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    if text != nil, file != nil { throw ValidationError("one text at a time: an argument or --file") }
    // Bytes go to the tokenizer as they are: text that is not UTF-8 has tokens too.
    let bytes: [UInt8]
    if let text, text != "-" {
      bytes = Array(text.utf8)
    } else if let file, file != "-" {
      bytes = try readWholeFile(file)
    } else {
      bytes = InputText.standardInputBytes()
    }
    let tokenizer = try ModelAccess.tokenizer(model)
    let tokens = tokenizer.encode(bytes: bytes, parseSpecial: !noParseSpecial, addBoundaries: !noBos)
    if output.json {
      Output.answer(JSON.object([JSON.Member("ids", .array(tokens.map { .integer(Int($0)) }))]).line)
    } else if ids {
      Output.answer(tokens.map { String($0) }.joined(separator: " "))
    } else {
      for token in tokens {
        let piece = try tokenizer.decode([token], rendersSpecial: true)
        Output.answer("\(token)\t\(JSON.string(piece).line)")
      }
    }
  }
}
