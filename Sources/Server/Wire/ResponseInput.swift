import Formats
import Text

/// The conversation of a request to `POST /v1/responses`: a text, or items.
enum ResponseInput {
  /// The messages that `instructions` and `input` stand for.
  ///
  /// - Throws: ``RequestFailure``.
  static func messages(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    if let instructions = try fields.text("instructions") {
      messages.append(ChatMessage(role: .system, content: instructions))
    }
    let input = try fields.required("input", fields["input"])
    if case .string(let text) = input { return messages + [ChatMessage(role: .user, content: text)] }
    guard case .array = input else {
      throw .invalid(fields.name("input"), "\(FieldReader.shown(input)) is neither a string nor an array of items")
    }
    let items = try fields.array("input", most: limits.messages) ?? []
    if items.isEmpty { throw .invalid(fields.name("input"), "must not be empty") }
    // Calls belong to the message that the model has just begun.
    var isAnswering = false
    for (index, value) in items.enumerated() {
      let item = try FieldReader(value, path: "\(fields.name("input"))[\(index)]")
      switch try item.text("type") ?? "message" {
      case "message":
        let message = try ChatMessage(item)
        isAnswering = message.role == .assistant
        // Templates take one system message, and that first.
        if message.role == .system, messages.count == 1, messages[0].role == .system {
          messages[0].content += "\n\n" + message.content
        } else {
          messages.append(message)
        }
      case "function_call":
        let call = ChatMessage.ToolCall(
          id: try item.text("call_id") ?? "", name: try item.required("name", item.text("name")),
          arguments: ChatMessage.arguments(item["arguments"]))
        if !isAnswering { messages.append(ChatMessage(role: .assistant, content: "")) }
        messages[messages.count - 1].toolCalls.append(call)
        isAnswering = true
      case "function_call_output":
        let output = try item.required("output", ChatMessage.content(item, "output"))
        messages.append(
          ChatMessage(role: .tool, content: output, toolCallID: try item.required("call_id", item.text("call_id"))))
        isAnswering = false
      case let type:
        throw .invalid(
          item.name("type"),
          "\"\(FieldReader.quoted(type))\" is none of message, function_call, function_call_output",
          code: "unsupported_value")
      }
    }
    return messages
  }
}
