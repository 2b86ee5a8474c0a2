import Formats
import Text

extension ChatMessage {
  /// The messages of a request.
  ///
  /// - Throws: ``RequestFailure``.
  static func read(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> [ChatMessage] {
    let values = try fields.required("messages", fields.array("messages", most: limits.messages))
    if values.isEmpty { throw .invalid(fields.name("messages"), "must not be empty") }
    var messages: [ChatMessage] = []
    for (index, value) in values.enumerated() {
      messages.append(try ChatMessage(FieldReader(value, path: "\(fields.name("messages"))[\(index)]")))
    }
    return messages
  }

  /// One message.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader) throws(RequestFailure) {
    let word = try fields.required("role", fields.text("role"))
    let roles = ["developer": Role.system, "function": .tool]
    guard let role = roles[word] ?? Role(rawValue: word) else {
      throw .invalid(
        fields.name("role"), "\"\(FieldReader.quoted(word))\" is none of system, developer, user, assistant, tool")
    }
    try fields.refuse("images", unless: [[]], "is not supported; only text is")
    let calls = try Self.calls(fields)
    let content = try Self.content(fields, "content")
    if content == nil, calls.isEmpty { throw .invalid(fields.name("content"), "is missing", code: "missing_field") }
    self.init(
      role: role, content: content ?? "", name: try fields.first(of: ["name", "tool_name"], fields.text),
      reasoning: try fields.first(of: ["reasoning_content", "thinking"], fields.text), toolCalls: calls,
      toolCallID: try fields.text("tool_call_id"))
  }

  /// A field that is a text, or parts that are texts.
  static func content(_ fields: FieldReader, _ key: String) throws(RequestFailure) -> String? {
    guard let value = fields[key] else { return nil }
    switch value {
    case .string(let text): return text
    case .array(let parts):
      var all = ""
      for (index, part) in parts.enumerated() {
        let part = try FieldReader(part, path: "\(fields.name(key))[\(index)]")
        let type = try part.required("type", part.text("type"))
        guard ["text", "input_text", "output_text", "refusal"].contains(type) else {
          throw .invalid(
            part.name("type"), "\"\(FieldReader.quoted(type))\" is not taken; only text is", code: "unsupported_value")
        }
        let text = type == "refusal" ? "refusal" : "text"
        all += try part.required(text, part.text(text))
      }
      return all
    default:
      throw .invalid(fields.name(key), "\(FieldReader.shown(value)) is neither a string nor an array of parts")
    }
  }

  private static func calls(_ fields: FieldReader) throws(RequestFailure) -> [ToolCall] {
    var calls: [ToolCall] = []
    for (index, value) in (try fields.array("tool_calls", most: 1024) ?? []).enumerated() {
      let call = try FieldReader(value, path: "\(fields.name("tool_calls"))[\(index)]")
      if let type = try call.text("type"), type != "function" {
        throw .invalid(
          call.name("type"), "\"\(FieldReader.quoted(type))\" is not \"function\"", code: "unsupported_value")
      }
      let function = try call.required("function", call.object("function"))
      calls.append(
        ToolCall(
          id: try call.text("id") ?? "", name: try function.required("name", function.text("name")),
          arguments: arguments(function["arguments"])))
    }
    return calls
  }

  /// Arguments that come as a text that is meant to be JSON; what is none is given to the template as it is.
  static func arguments(_ given: JSON?) -> JSON {
    guard case .string(let text)? = given else { return given ?? .object([]) }
    return (try? JSON(parsing: text)) ?? .string(text)
  }
}
