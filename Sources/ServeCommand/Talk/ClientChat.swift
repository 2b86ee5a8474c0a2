import ArgumentParser
import Console
import Venturi

/// `venturi chat --server URL`: a conversation in the terminal with a model of a server.
package struct ClientChat: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talks with a model of a server.",
    usage: "venturi chat --server <url> [<options>]",
    discussion: """
      Enter sends; Alt-Enter, Ctrl-J or a backslash at the end of a line starts a new one. Ctrl-C stops the answer, a second one \
      or Ctrl-D leaves. /help lists the commands. Without a terminal every line of standard input is a message.
      """)

  @Option(help: ArgumentHelp("Where entered messages are kept; `none` keeps none.", valueName: "path"))
  package var history: String?

  @OptionGroup(title: "Server") package var remote: RemoteOptions
  @OptionGroup(title: "Drawing") package var drawing: RemoteDrawing
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    let fields = try drawing.fields()
    let (client, model) = try await remote.connect()
    var conversation = RemoteConversation(
      client: client, model: model, system: drawing.systemPrompt, fields: fields, json: output.json)
    try await conversation.lead(
      greeting: "\(Output.printable(model)) at \(client.address). /help lists commands, Ctrl-D leaves.",
      history: history)
  }
}
