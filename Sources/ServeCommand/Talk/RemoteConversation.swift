import Client
import Console
import Venturi

/// A conversation with a model of a server, which is sent all of it with every message.
struct RemoteConversation: TerminalConversation {
  private let client: APIClient
  private let model: String
  private var fields: [JSON.Member]
  private var messages: [(role: String, content: String)] = []
  private var last: RemoteAnswer?
  var system: String?
  let json: Bool
  private(set) var wasCancelled = false

  init(client: APIClient, model: String, system: String?, fields: [JSON.Member], json: Bool) {
    (self.client, self.model, self.system, self.fields, self.json) = (client, model, system, fields, json)
  }

  var statistics: String { last?.speedLine ?? "no answer yet" }

  /// Whatever a server says, the next message may fare better.
  func goesOn(after error: any Error) -> Bool { error is ClientError }

  mutating func answer(_ message: String) async throws {
    var all = messages
    if let system { all.insert(("system", system), at: 0) }
    all.append(("user", message))
    let list = all.map {
      JSON.object([JSON.Member("role", .string($0.role)), JSON.Member("content", .string($0.content))])
    }
    let json = json
    wasCancelled = false
    let answer = try await RemoteAnswer.asked(
      of: client, "/v1/chat/completions",
      [JSON.Member("model", .string(model)), JSON.Member("messages", .array(list))] + fields
    ) { piece in
      if !json { RemoteText.print(piece) }
    }
    last = answer
    wasCancelled = answer.isCancelled
    messages += [("user", message), ("assistant", answer.text)]
    if json {
      Output.answer(JSON.object(answer.members).line)
    } else {
      Output.piece(answer.text.hasSuffix("\n") ? "" : "\n")
      if wasCancelled { Output.note("(stopped)") }
      if answer.reason == "length" { Output.note("(cut off: the answer reached its limit)") }
    }
  }

  mutating func reset() async { messages = [] }

  mutating func takeBack() async -> String? {
    guard let at = messages.lastIndex(where: { $0.role == "user" }) else { return nil }
    let question = messages[at].content
    messages.removeSubrange(at...)
    return question
  }

  mutating func set(_ name: String, to number: Float) throws {
    let names = [
      "temp": "temperature", "top-k": "top_k", "top-p": "top_p", "min-p": "min_p", "repeat-penalty": "repeat_penalty",
      "max-tokens": "max_tokens", "seed": "seed",
    ]
    guard let field = names[name] else { throw UnknownSetting() }
    // The server says which values it takes.
    fields.removeAll { $0.key == field }
    fields.append(JSON.Member(field, Int(exactly: number).map { .integer($0) } ?? .number(Double(number))))
  }
}
