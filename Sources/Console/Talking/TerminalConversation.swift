#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A conversation as `chat` leads it, with whoever answers: messages and commands are entered, answers printed.
package protocol TerminalConversation {
  /// Instructions at its start.
  var system: String? { get set }
  /// Whether the last answer was stopped.
  var wasCancelled: Bool { get }
  /// Speed and size of the last answer.
  var statistics: String { get }
  /// Sends a message and prints the answer.
  mutating func answer(_ message: String) async throws
  /// Forgets everything but the instructions.
  mutating func reset() async
  /// Takes the last question and its answer back; `nil` where nothing was asked yet.
  mutating func takeBack() async -> String?
  /// Changes how answers are drawn.
  ///
  /// - Throws: an error that says why not; ``UnknownSetting``.
  mutating func set(_ name: String, to number: Float) throws
  /// Whether the conversation can go on after an error of an answer, which is said then.
  func goesOn(after error: any Error) -> Bool
  /// Whether answers are printed as JSON.
  var json: Bool { get }
}

/// A name that is no setting of answers.
package struct UnknownSetting: Error {
  package init() {}
}

extension TerminalConversation {
  /// Leads the conversation until it is left: by keys on a terminal, else each line of standard input is a message.
  ///
  /// - Parameters:
  ///   - greeting: what is said first on a terminal.
  ///   - history: the file where entered messages are kept; `none` keeps none.
  package mutating func lead(greeting: String, history: String?) async throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return try await readLines() }
    Output.note(greeting)
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
        if !(try await take(text)) { return }
      }
    }
  }

  private mutating func readLines() async throws {
    while let line = readLine() {
      if !(try await take(line)) { return }
      if wasCancelled { throw ExitStatus.interrupted }
    }
  }

  /// Deals with what was entered; `false` when the conversation is over.
  private mutating func take(_ entry: String) async throws -> Bool {
    let text = entry.trimmed
    if text.isEmpty { return true }
    if text.hasPrefix("/"), !text.hasPrefix("//") { return try await command(text) }
    try await say(text.hasPrefix("//") ? String(text.dropFirst()) : entry)
    return true
  }

  private mutating func say(_ message: String) async throws {
    do { try await answer(message) } catch {
      guard goesOn(after: error) else { throw error }
      Output.failure(CommandFailure(error), json: json)
      Output.note("/reset starts anew")
    }
  }

  private mutating func command(_ text: String) async throws -> Bool {
    let words = text.split(separator: " ", maxSplits: 1).map(String.init)
    let argument = words.count > 1 ? words[1].trimmed : ""
    switch words[0] {
    case "/exit", "/quit", "/bye": return false
    case "/help": Output.note(Self.help)
    case "/reset", "/clear":
      await reset()
      Output.note("the conversation starts anew")
    case "/system":
      if argument.isEmpty {
        Output.note(system ?? "no instructions are set")
      } else {
        system = argument
        await reset()
        Output.note("the conversation starts anew with these instructions")
      }
    case "/again":
      guard let question = await takeBack() else {
        Output.note("nothing was asked yet")
        return true
      }
      try await say(question)
    case "/set":
      let words = argument.split(separator: " ").map(String.init)
      guard words.count == 2, let number = Float(words[1]) else {
        Output.note("/set NAME NUMBER, with a name of /help")
        return true
      }
      do { try set(words[0], to: number) } catch is UnknownSetting {
        Output.note("no setting '\(words[0])'; /help lists them")
      } catch { Output.note("\(error)") }
    case "/stats": Output.note(statistics)
    default: Output.note("unknown command \(words[0]); /help lists them. // starts a message with a slash")
    }
    return true
  }

  private static var help: String {
    """
    /reset            forget the conversation          /again   ask the last question again
    /system TEXT      set instructions, start anew     /stats   speed and size of the last answer
    /set NAME NUMBER  temp, top-k, top-p, min-p, repeat-penalty, max-tokens, seed
    /exit             leave                            Ctrl-C   stop the answer
    """
  }
}

extension String {
  /// Without blanks and line ends around it.
  package var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
