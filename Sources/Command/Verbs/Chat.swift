import ArgumentParser
import Venturi

/// A conversation in the terminal.
package struct Chat: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talks with a model.",
    discussion: """
      Enter sends; Alt-Enter, Ctrl-J or a backslash at the end of a line starts a new one. Ctrl-C stops the answer, a second one \
      or Ctrl-D leaves. /help lists the commands. Without a terminal every line of standard input is a message. \
      `venturi chat --server URL` talks with a model of a server of the OpenAI interface (venturi-serve).
      """)

  @Option(help: ArgumentHelp("Where entered messages are kept; `none` keeps none.", valueName: "path"))
  package var history: String?

  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Adapter") package var adapter: AdapterOptions
  @OptionGroup(title: "Profile") package var profile: ProfileOptions
  @OptionGroup(title: "Drawing") package var generation: GenerationFlags
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    let options = try generation.options()
    let (engine, seconds) = try await ModelAccess.load(model, generation, profile: profile, adapter: adapter)
    if engine.template == nil { throw InferenceError.noChatTemplate(model: engine.model.description.name) }
    var conversation = Conversation(
      engine: engine, system: generation.systemPrompt, options: options, json: output.json)
    let greeting =
      "\(engine.model.description.name), loaded in \(Human.fixed(seconds * 1000, 0)) ms. /help lists commands, Ctrl-D leaves."
    try await conversation.lead(greeting: greeting, history: history)
  }
}
