import Formats
import Text

/// The conversation of a request to `POST /v1/messages`: `system`, and messages whose content is a text or blocks.
enum MessagesInput {
  /// The messages that it stands for; results of tools, which are blocks of the user's there, are messages of their own.
  ///
  /// - Throws: ``RequestFailure``.
  static func messages(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    if let system = try ChatMessage.content(fields, "system"), !system.isEmpty {
      messages.append(ChatMessage(role: .system, content: system))
    }
    let values = try fields.required("messages", fields.array("messages", most: limits.messages))
    if values.isEmpty { throw .invalid(fields.name("messages"), "must not be empty") }
    for (index, value) in values.enumerated() {
      let message = try FieldReader(value, path: "\(fields.name("messages"))[\(index)]")
      let word = try message.required("role", message.text("role"))
      guard let role = ChatMessage.Role(rawValue: word), role != .tool else {
        throw .invalid(message.name("role"), "\"\(FieldReader.quoted(word))\" is none of user, assistant, system")
      }
      let content = try message.required("content", message["content"])
      guard case .array = content else {
        guard case .string(let text) = content else {
          throw .invalid(
            message.name("content"), "\(FieldReader.shown(content)) is neither a string nor an array of blocks")
        }
        messages.append(ChatMessage(role: role, content: text))
        continue
      }
      try add(try message.array("content", most: limits.messages) ?? [], of: role, message, to: &messages)
    }
    return messages
  }

  private static func add(
    _ blocks: [JSON], of role: ChatMessage.Role, _ fields: FieldReader, to messages: inout [ChatMessage]
  ) throws(RequestFailure) {
    var said = ChatMessage(role: role, content: "")
    var hasText = false
    var results: [ChatMessage] = []
    for (index, value) in blocks.enumerated() {
      let block = try FieldReader(value, path: "\(fields.name("content"))[\(index)]")
      let type = try block.required("type", block.text("type"))
      switch (type, role) {
      case ("text", _):
        said.content += try block.required("text", block.text("text"))
        hasText = true
      case ("tool_use", .assistant):
        _ = try block.required("input", block.object("input"))
        said.toolCalls.append(
          ChatMessage.ToolCall(
            id: try block.required("id", block.text("id")), name: try block.required("name", block.text("name")),
            arguments: block["input"] ?? [:]))
      case ("tool_result", .user):
        results.append(
          ChatMessage(
            role: .tool, content: try ChatMessage.content(block, "content") ?? "",
            toolCallID: try block.required("tool_use_id", block.text("tool_use_id"))))
      case ("thinking", .assistant):
        said.reasoning = (said.reasoning ?? "") + (try block.required("thinking", block.text("thinking")))
      default:
        let known =
          role == .assistant ? "text, tool_use, thinking" : role == .user ? "text, tool_result" : "text"
        throw .invalid(
          block.name("type"), "\"\(FieldReader.quoted(type))\" of \(role.rawValue) is none of \(known)",
          code: "unsupported_value")
      }
    }
    // Results come before what the user says of them.
    messages += results
    if hasText || !said.toolCalls.isEmpty || results.isEmpty { messages.append(said) }
  }
}
