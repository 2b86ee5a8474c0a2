import ArgumentParser
import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A conversation in the terminal.
package struct Chat: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talks with a model.",
    discussion: """
      Enter sends; Alt-Enter, Ctrl-J or a backslash at the end of a line starts a new one. Ctrl-C stops the answer, a second one \
      or Ctrl-D leaves. /help lists the commands. Without a terminal every line of standard input is a message.
      """)

  @Option(help: ArgumentHelp("Where entered messages are kept; `none` keeps none.", valueName: "path"))
  package var history: String?

  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Profile") package var profile: ProfileOptions
  @OptionGroup(title: "Drawing") package var generation: GenerationFlags
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    let options = try generation.options()
    let (engine, seconds) = try await ModelAccess.load(model, generation, profile: profile)
    if engine.template == nil { throw InferenceError.noChatTemplate(model: engine.model.description.name) }
    var conversation = Conversation(
      engine: engine, system: generation.systemPrompt, options: options, json: output.json)
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return try await readLines(&conversation) }
    Output.note(
      "\(engine.model.description.name), loaded in \(Human.fixed(seconds * 1000, 0)) ms. /help lists commands, Ctrl-D leaves."
    )
    let path = history == "none" ? nil : history ?? "\(ModelAccess.home)/chat-history"
    var editor = LineEditor(prompt: "> ", continuation: "… ", history: History(path: path))
    var wasInterrupted = false
    while let entry = editor.read() {
      switch entry {
      case .end: return
      case .interrupted(let empty):
        if empty, wasInterrupted { throw ExitStatus.interrupted }
        wasInterrupted = empty
        if empty { Output.note("Ctrl-C again or Ctrl-D leaves") }
      case .message(let text):
        wasInterrupted = false
        if try await conversation.take(text) == .leave { return }
      }
    }
  }

  private func readLines(_ conversation: inout Conversation) async throws {
    while let line = readLine() {
      if try await conversation.take(line) == .leave { return }
      if conversation.wasCancelled { throw ExitStatus.interrupted }
    }
  }
}
