import Profiling
import Venturi

/// A conversation with a model in this process.
struct Conversation: TerminalConversation {
  private let engine: Engine
  private let session: Session
  var system: String?
  private var options: GenerationOptions
  let json: Bool
  private var last: Completion?
  private(set) var wasCancelled = false

  init(engine: Engine, system: String?, options: GenerationOptions, json: Bool) {
    self.engine = engine
    self.system = system
    self.options = options
    self.json = json
    session = engine.session(messages: Self.beginning(system))
  }

  private static func beginning(_ system: String?) -> [ChatMessage] {
    system.map { [ChatMessage(role: .system, content: $0)] } ?? []
  }

  /// Messages that are too long and options that make no sense are the user's to change.
  func goesOn(after error: any Error) -> Bool {
    switch error as? InferenceError {
    case .contextExceeded, .invalidOption, .tokenOutOfRange: true
    default: false
    }
  }

  mutating func answer(_ message: String) async throws {
    let generation = session.respond(to: message, options: options)
    let completion = try await Interrupts.handled(by: {
      generation.cancel()
      return true
    }) { [json] () async throws -> Completion in
      for try await event in generation {
        switch event {
        case .text(let piece): if !json { Output.piece(piece) }
        case .finished(let completion): return completion
        case .progress, .token: break
        }
      }
      throw CancellationError()
    }
    last = completion
    wasCancelled = completion.reason == .cancelled
    if json {
      Output.answer(
        JSON.object([
          JSON.Member("text", .string(completion.text)),
          JSON.Member("finishReason", .string(completion.reason.rawValue)),
          JSON.Member("promptTokens", .integer(completion.usage.promptTokens)),
          JSON.Member("cachedTokens", .integer(completion.usage.cachedTokens)),
          JSON.Member("completionTokens", .integer(completion.usage.completionTokens)),
        ]).line)
    } else {
      Output.piece(completion.text.hasSuffix("\n") ? "" : "\n")
      if wasCancelled { Output.note("(stopped)") }
      if completion.reason == .length { Output.note("(cut off: the answer reached its limit)") }
    }
  }

  mutating func reset() async { await session.reset(to: Self.beginning(system)) }

  mutating func takeBack() async -> String? {
    var messages = session.messages
    guard let at = messages.lastIndex(where: { $0.role == .user }) else { return nil }
    let question = messages[at].content
    messages.removeSubrange(at...)
    await session.reset(to: messages)
    return question
  }

  mutating func set(_ name: String, to number: Float) throws {
    var changed = options
    switch name {
    case "temp": changed.temperature = number
    case "top-k": changed.topK = Int(exactly: number) ?? -1
    case "top-p": changed.topP = number
    case "min-p": changed.minP = number
    case "repeat-penalty": changed.repeatPenalty = number
    case "max-tokens": changed.maxTokens = Int(exactly: number) ?? -1
    case "seed": changed.seed = UInt64(exactly: number)
    default: throw UnknownSetting()
    }
    try changed.validate(vocabularySize: engine.model.description.vocabularySize)
    options = changed
  }

  var statistics: String {
    guard let last else { return "no answer yet" }
    return "prompt \(last.usage.promptTokens) tokens (\(last.usage.cachedTokens) from before), "
      + "\(Human.fixed(last.timings.promptTokensPerSecond, 1)) tok/s · answer \(last.usage.completionTokens) tokens, "
      + "\(Human.fixed(last.timings.generationTokensPerSecond, 1)) tok/s · context \(session.tokenCount) of "
      + "\(engine.contextLength) tokens, \(Human.bytes(session.bytes))"
  }
}
