import ArgumentParser

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a prompt comes from.
package struct PromptOptions: ParsableArguments {
  @Argument(help: "The prompt.")
  package var words: String?

  @Option(name: [.customShort("p"), .customLong("prompt")], help: "The prompt.")
  package var prompt: String?

  @Option(name: [.customShort("f"), .customLong("file")], help: "Read the prompt from a file.")
  package var file: String?

  package init() {}

  /// The prompt's text.
  ///
  /// - Throws: `ValidationError` for none and for several; `ProfilingError` for a file that cannot be read.
  package func text() throws -> String {
    let given = [words, prompt, file].compactMap { $0 }
    if given.count > 1 { throw ValidationError("one prompt at a time: an argument, --prompt or --file") }
    if let file { return try InputText.file(file) }
    if let text = given.first, text != "-" {
      if text.isEmpty { throw ValidationError("the prompt is empty") }
      return text
    }
    if given.isEmpty, isatty(STDIN_FILENO) == 1 { throw ValidationError("a prompt is missing") }
    let text = InputText.standardInput()
    if text.isEmpty { throw ValidationError("a prompt is missing: standard input is empty") }
    return text
  }
}
