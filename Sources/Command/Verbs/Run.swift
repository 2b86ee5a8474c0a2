import ArgumentParser
import CVenturi
import Venturi

/// One prompt, one answer.
package struct Run: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Answers a prompt.",
    discussion: """
      The prompt is the argument, or --prompt, or --file, or what is piped in. The answer goes to standard output as it \
      is made; one line about the speed goes to standard error. `venturi run --server URL` asks a server of the OpenAI interface \
      (venturi-serve).
      """)

  @OptionGroup package var prompt: PromptOptions

  @Flag(help: "Continue the text as it stands, without the chat template.")
  package var raw = false

  @Option(help: "Report each token's log-probability and so many alternatives.")
  package var logprobs: Int?

  @Flag(help: "With --json: a line for every piece of text too, before the object of the whole answer.")
  package var stream = false

  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Adapter") package var adapter: AdapterOptions
  @OptionGroup(title: "Profile") package var profile: ProfileOptions
  @OptionGroup(title: "Drawing") package var generation: GenerationFlags
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    let text = try prompt.text()
    let options = try generation.options(logprobs: logprobs)
    let (engine, loadSeconds) = try await ModelAccess.load(model, generation, profile: profile, adapter: adapter)
    var conversation: [ChatMessage] = []
    if let system = generation.systemPrompt { conversation.append(ChatMessage(role: .system, content: system)) }
    conversation.append(ChatMessage(role: .user, content: text))
    let answer = engine.generate(
      raw ? .text(text) : .chat(conversation), options: options)
    let (completion, tokens, firstToken) = try await read(answer, vocabulary: engine)
    let report = RunReport(
      model: engine.model.description.name, completion: completion, tokens: tokens, engine: engine,
      loadSeconds: loadSeconds, processToFirstToken: firstToken, wantsLogprobs: logprobs != nil)
    if output.json {
      Output.answer(report.json.line)
    } else {
      if !completion.text.hasSuffix("\n") { Output.piece("\n") }
      if logprobs != nil { Output.note(report.logprobTable) }
      Output.note(report.speedLine)
    }
    if completion.reason == .cancelled { throw ExitStatus.interrupted }
  }

  private func read(
    _ answer: Generation, vocabulary engine: Engine
  ) async throws -> (Completion, [GeneratedToken], Double?) {
    try await Interrupts.handled(by: {
      answer.cancel()
      return true
    }) {
      var tokens: [GeneratedToken] = []
      var firstToken: Double?
      for try await event in answer {
        switch event {
        case .progress: break
        case .token(let token):
          tokens.append(token)
          if stream, output.json { Output.answer(RunReport.json(token, engine).line) }
        case .text(let piece):
          if firstToken == nil { firstToken = vt_seconds_since_process_start() }
          if !output.json { Output.piece(piece) }
          if output.json, stream { Output.answer(JSON.object([JSON.Member("piece", .string(piece))]).line) }
        case .finished(let completion): return (completion, tokens, firstToken)
        }
      }
      throw CancellationError()
    }
  }
}
