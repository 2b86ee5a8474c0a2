import Formats
import Inference

/// The items of a response, as they come, and the events that tell of them.
struct ResponsesStream: ChoiceStream {
  private enum Open {
    case nothing
    case message(id: String, text: String)
    case call(id: String, call: AnswerSegment.Call)
  }

  private let form: ResponsesForm
  /// Items that have ended.
  private(set) var items: [JSON] = []
  private var open = Open.nothing

  init(form: ResponsesForm) { self.form = form }

  func opening() -> [ServerEvent] {
    ["response.created", "response.in_progress"].map {
      form.event($0, [JSON.Member("response", form.response([]))])
    }
  }

  mutating func say(_ part: AnswerPart, tokens: [GeneratedToken]) -> [ServerEvent] {
    switch part {
    case .text(let more):
      var events: [ServerEvent] = []
      var (id, text) = (RequestIdentity.make("msg_"), "")
      if case .message(let known, let before) = open {
        (id, text) = (known, before)
        open = .nothing
      } else {
        events = [
          item("added", Self.message(id, nil, "in_progress")),
          event("content_part.added", id, [JSON.Member("content_index", 0), JSON.Member("part", Self.text(""))]),
        ]
      }
      text += more
      open = .message(id: id, text: text)
      let members = [
        JSON.Member("content_index", 0), JSON.Member("delta", .string(more)), JSON.Member("logprobs", []),
      ]
      return events + [event("output_text.delta", id, members)]
    case .call(_, let id, let name):
      let events = close("completed")
      let call = AnswerSegment.Call(id: id, name: name)
      let itemID = RequestIdentity.make("fc_")
      open = .call(id: itemID, call: call)
      return events + [item("added", Self.call(itemID, call, "in_progress"))]
    case .arguments(_, let text):
      guard case .call(let id, var call) = open else { return [] }
      open = .nothing
      call.arguments += text
      open = .call(id: id, call: call)
      return [event("function_call_arguments.delta", id, [JSON.Member("delta", .string(text))])]
    case .callEnd(_, let isWhole): return close(isWhole ? "completed" : "incomplete")
    }
  }

  mutating func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken]) -> [ServerEvent] {
    let events = finish(answer)
    let usage = AnswerUsage([answer.completion.usage], perPrompt: 1)
    let name = answer.completion.reason == .length ? "response.incomplete" : "response.completed"
    return events + [form.event(name, [JSON.Member("response", form.response(items, answer, usage))])]
  }

  /// Ends the last item.
  mutating func finish(_ answer: ChoiceAnswer) -> [ServerEvent] {
    close(answer.completion.reason == .length ? "incomplete" : "completed")
  }

  private mutating func close(_ status: String) -> [ServerEvent] {
    defer { open = .nothing }
    switch open {
    case .nothing: return []
    case .message(let id, let text):
      let done = Self.message(id, text, status)
      defer { items.append(done) }
      let place = JSON.Member("content_index", 0)
      return [
        event("output_text.done", id, [place, JSON.Member("text", .string(text)), JSON.Member("logprobs", [])]),
        event("content_part.done", id, [place, JSON.Member("part", Self.text(text))]), item("done", done),
      ]
    case .call(let id, let call):
      let done = Self.call(id, call, status)
      defer { items.append(done) }
      let members = [JSON.Member("name", .string(call.name)), JSON.Member("arguments", .string(call.arguments))]
      return [event("function_call_arguments.done", id, members), item("done", done)]
    }
  }

  private func event(_ type: String, _ id: String, _ members: [JSON.Member]) -> ServerEvent {
    let place = [JSON.Member("item_id", .string(id)), JSON.Member("output_index", .integer(items.count))]
    return form.event("response.\(type)", place + members)
  }

  private func item(_ what: String, _ item: JSON) -> ServerEvent {
    form.event(
      "response.output_item.\(what)", [JSON.Member("output_index", .integer(items.count)), JSON.Member("item", item)])
  }

  private static func message(_ id: String, _ text: String?, _ status: String) -> JSON {
    [
      "id": .string(id), "type": "message", "status": .string(status), "role": "assistant",
      "content": .array(text.map { [Self.text($0)] } ?? []),
    ]
  }

  private static func text(_ text: String) -> JSON {
    ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
  }

  private static func call(_ id: String, _ call: AnswerSegment.Call, _ status: String) -> JSON {
    [
      "id": .string(id), "type": "function_call", "status": .string(status), "call_id": .string(call.id),
      "name": .string(call.name), "arguments": .string(call.arguments),
    ]
  }
}
