import Formats
import Inference
import Text

/// Answers of `POST /v1/messages`: blocks, of text and of calls, and a stream of named events.
struct MessagesForm: AnswerForm {
  /// The route whose errors have the form of that interface too.
  static let path = "/v1/messages"

  private let id = RequestIdentity.make("msg_")
  private let model: String
  private let promptTokens: Int

  init(model: String, promptTokens: Int) {
    self.model = model
    self.promptTokens = promptTokens
  }

  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON {
    guard let answer = answers.first else { return .null }
    let blocks = answer.segments.map { segment -> JSON in
      switch segment {
      case .text(let text): ["type": "text", "text": .string(text)]
      case .call(let call):
        ["type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": Self.input(call)]
      }
    }
    return message(blocks, answer, usage: Self.usage(usage))
  }

  /// The arguments as a value; those that broke off without what was not whole.
  private static func input(_ call: AnswerSegment.Call) -> JSON {
    if let value = try? JSON(parsing: call.arguments) { return value }
    var scanner = JSONObjectScanner()
    let text = Array(call.arguments.utf8)
    for byte in text { _ = scanner.append(byte) }
    return (try? JSON(parsing: scanner.closed(text))) ?? [:]
  }

  func stream(of index: Int) -> any ChoiceStream { Stream(form: self) }

  func closing(_ usage: AnswerUsage) -> [ServerEvent] { [Self.event("message_stop")] }

  func failure(_ failure: RequestFailure) -> ServerEvent { ServerEvent(failure.messagesJSON, name: "error") }

  private func message(_ blocks: [JSON], _ answer: ChoiceAnswer?, usage: JSON) -> JSON {
    .object(
      [
        JSON.Member("id", .string(id)), JSON.Member("type", "message"), JSON.Member("role", "assistant"),
        JSON.Member("model", .string(model)), JSON.Member("content", .array(blocks)),
      ] + Self.stop(answer) + [JSON.Member("usage", usage)])
  }

  /// Why the answer ended, if it has.
  private static func stop(_ answer: ChoiceAnswer?) -> [JSON.Member] {
    let reason = answer.map { answer -> JSON in
      switch answer.completion.reason {
      case .length: "max_tokens"
      case _ where answer.isCall: "tool_use"
      case .stopString: "stop_sequence"
      case .stop, .cancelled: "end_turn"
      }
    }
    let text = answer?.completion.stopString.map { JSON.string($0) }
    return [JSON.Member("stop_reason", reason ?? .null), JSON.Member("stop_sequence", text ?? .null)]
  }

  /// Tokens of the prompt that were computed, those that were not, and those of the answer.
  private static func usage(_ usage: AnswerUsage) -> JSON {
    [
      "input_tokens": .integer(usage.promptTokens - usage.cachedTokens), "cache_creation_input_tokens": 0,
      "cache_read_input_tokens": .integer(usage.cachedTokens), "output_tokens": .integer(usage.completionTokens),
    ]
  }

  private static func event(_ type: String, _ members: [JSON.Member] = []) -> ServerEvent {
    ServerEvent(.object([JSON.Member("type", .string(type))] + members), name: type)
  }

  private struct Stream: ChoiceStream {
    private let form: MessagesForm
    private var blocks = 0
    private var isTextOpen = false

    init(form: MessagesForm) { self.form = form }

    func opening() -> [ServerEvent] {
      let usage: JSON = ["input_tokens": .integer(form.promptTokens), "output_tokens": 0]
      return [event("message_start", [JSON.Member("message", form.message([], nil, usage: usage))])]
    }

    mutating func say(_ part: AnswerPart, tokens: [GeneratedToken]) -> [ServerEvent] {
      switch part {
      case .text(let text):
        let events = isTextOpen ? [] : [block("start", "content_block", ["type": "text", "text": ""])]
        isTextOpen = true
        return events + [block("delta", "delta", ["type": "text_delta", "text": .string(text)])]
      case .call(_, let id, let name):
        let events = closeText()
        return events + [
          block(
            "start", "content_block",
            ["type": "tool_use", "id": .string(id), "name": .string(name), "input": [:]])
        ]
      case .arguments(_, let text):
        return [block("delta", "delta", ["type": "input_json_delta", "partial_json": .string(text)])]
      case .callEnd: return [close()]
      }
    }

    mutating func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken]) -> [ServerEvent] {
      let usage = AnswerUsage([answer.completion.usage], perPrompt: 1)
      return closeText() + [
        event(
          "message_delta",
          [
            JSON.Member("delta", .object(MessagesForm.stop(answer))),
            JSON.Member("usage", MessagesForm.usage(usage)),
          ])
      ]
    }

    private mutating func closeText() -> [ServerEvent] {
      defer { isTextOpen = false }
      return isTextOpen ? [close()] : []
    }

    private mutating func close() -> ServerEvent {
      defer { blocks += 1 }
      return event("content_block_stop", [JSON.Member("index", .integer(blocks))])
    }

    private func block(_ what: String, _ key: String, _ value: JSON) -> ServerEvent {
      event("content_block_\(what)", [JSON.Member("index", .integer(blocks)), JSON.Member(key, value)])
    }

    private func event(_ type: String, _ members: [JSON.Member]) -> ServerEvent { MessagesForm.event(type, members) }
  }
}
