import Profiling
import Venturi

/// A conversation as `chat` leads it: messages, commands and answers.
struct Conversation {
  /// Whether the conversation goes on.
  enum Next: Equatable { case goOn, leave }

  private let engine: Engine
  private var session: Session
  private var system: String?
  private var options: GenerationOptions
  private let json: Bool
  private var last: Completion?
  /// Whether the last answer was stopped.
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

  /// Deals with what was entered.
  ///
  /// - Throws: what the engine throws, but for messages that are too long or options that make no sense: those are said.
  mutating func take(_ entry: String) async throws -> Next {
    let text = entry.trimmed
    if text.isEmpty { return .goOn }
    if text.hasPrefix("/"), !text.hasPrefix("//") { return try await command(text) }
    do { try await answer(text.hasPrefix("//") ? String(text.dropFirst()) : entry) } catch let error as InferenceError {
      switch error {
      case .contextExceeded, .invalidOption, .tokenOutOfRange:
        Output.failure(CommandFailure(error), json: json)
        Output.note("/reset starts anew")
      default: throw error
      }
    }
    return .goOn
  }

  private mutating func answer(_ message: String) async throws {
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

  private mutating func command(_ text: String) async throws -> Next {
    let words = text.split(separator: " ", maxSplits: 1).map(String.init)
    let argument = words.count > 1 ? words[1].trimmed : ""
    switch words[0] {
    case "/exit", "/quit", "/bye": return .leave
    case "/help": Output.note(Self.help)
    case "/reset", "/clear":
      await session.reset(to: Self.beginning(system))
      Output.note("the conversation starts anew")
    case "/system":
      if argument.isEmpty {
        Output.note(system ?? "no instructions are set")
      } else {
        system = argument
        await session.reset(to: Self.beginning(system))
        Output.note("the conversation starts anew with these instructions")
      }
    case "/again": try await again()
    case "/set": set(argument)
    case "/stats": Output.note(statistics)
    default: Output.note("unknown command \(words[0]); /help lists them. // starts a message with a slash")
    }
    return .goOn
  }

  private mutating func again() async throws {
    var messages = session.messages
    guard let at = messages.lastIndex(where: { $0.role == .user }) else { return Output.note("nothing was asked yet") }
    let question = messages[at].content
    messages.removeSubrange(at...)
    await session.reset(to: messages)
    try await answer(question)
  }

  private mutating func set(_ argument: String) {
    let words = argument.split(separator: " ").map(String.init)
    guard words.count == 2, let number = Float(words[1]) else {
      return Output.note("/set NAME NUMBER, with a name of /help")
    }
    var changed = options
    switch words[0] {
    case "temp": changed.temperature = number
    case "top-k": changed.topK = Int(exactly: number) ?? -1
    case "top-p": changed.topP = number
    case "min-p": changed.minP = number
    case "repeat-penalty": changed.repeatPenalty = number
    case "max-tokens": changed.maxTokens = Int(exactly: number) ?? -1
    case "seed": changed.seed = UInt64(exactly: number)
    default: return Output.note("no setting '\(words[0])'; /help lists them")
    }
    do {
      try changed.validate(vocabularySize: engine.model.description.vocabularySize)
      options = changed
    } catch { Output.note("\(error)") }
  }

  private var statistics: String {
    guard let last else { return "no answer yet" }
    return "prompt \(last.usage.promptTokens) tokens (\(last.usage.cachedTokens) from before), "
      + "\(Human.fixed(last.timings.promptTokensPerSecond, 1)) tok/s · answer \(last.usage.completionTokens) tokens, "
      + "\(Human.fixed(last.timings.generationTokensPerSecond, 1)) tok/s · context \(session.tokenCount) of "
      + "\(engine.contextLength) tokens, \(Human.bytes(session.bytes))"
  }

  private static let help = """
    /reset            forget the conversation          /again   ask the last question again
    /system TEXT      set instructions, start anew     /stats   speed and size of the last answer
    /set NAME NUMBER  temp, top-k, top-p, min-p, repeat-penalty, max-tokens, seed
    /exit             leave                            Ctrl-C   stop the answer
    """
}

extension String {
  /// Without blanks and line ends around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
