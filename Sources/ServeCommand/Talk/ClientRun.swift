import ArgumentParser
import Console
import Venturi

/// `venturi run --server URL`: one prompt, one answer of a server.
package struct ClientRun: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Has a server answer a prompt.",
    usage: "venturi run --server <url> [<options>] [<prompt>]",
    discussion: """
      The prompt is the argument, or --prompt, or --file, or what is piped in. The answer goes to standard output as it \
      is made; one line about the speed goes to standard error.
      """)

  @OptionGroup package var prompt: PromptOptions

  @Flag(help: "Continue the text as it stands, without the chat template.")
  package var raw = false

  @Flag(help: "With --json: a line for every piece of text too, before the object of the whole answer.")
  package var stream = false

  @OptionGroup(title: "Server") package var remote: RemoteOptions
  @OptionGroup(title: "Drawing") package var drawing: RemoteDrawing
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    let text = try prompt.text()
    let fields = try drawing.fields()
    let (client, model) = try await remote.connect()
    var body = [JSON.Member("model", .string(model))]
    if raw {
      body.append(JSON.Member("prompt", .string(text)))
    } else {
      var messages: [JSON] = [["role": "user", "content": .string(text)]]
      if let system = drawing.systemPrompt { messages.insert(["role": "system", "content": .string(system)], at: 0) }
      body.append(JSON.Member("messages", .array(messages)))
    }
    let (json, stream) = (output.json, stream)
    let answer = try await RemoteAnswer.asked(
      of: client, raw ? "/v1/completions" : "/v1/chat/completions", body + fields
    ) { piece in
      if !json { RemoteText.print(piece) }
      if json, stream { Output.answer(JSON.object([JSON.Member("piece", .string(piece))]).line) }
    }
    if output.json {
      let more = [JSON.Member("model", .string(model)), JSON.Member("server", .string("\(client.address)"))]
      Output.answer(JSON.object(answer.members + more).line)
    } else {
      if !answer.text.hasSuffix("\n") { Output.piece("\n") }
      Output.note(answer.speedLine)
    }
    if answer.isCancelled { throw ExitStatus.interrupted }
  }
}
