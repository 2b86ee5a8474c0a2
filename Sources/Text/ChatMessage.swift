import Formats

/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable {
  /// Who speaks.
  public enum Role: String, Sendable, CaseIterable {
    /// Instructions to the model.
    case system
    /// The person who asks.
    case user
    /// The model.
    case assistant
    /// The result of a tool that the model called.
    case tool
  }

  /// A tool that the model calls.
  public struct ToolCall: Sendable, Equatable {
    /// What tells the call apart; empty if nothing does.
    public var id: String
    /// The function's name.
    public var name: String
    /// Its arguments, an object.
    public var arguments: JSON

    /// A call.
    public init(id: String = "", name: String, arguments: JSON) {
      self.id = id
      self.name = name
      self.arguments = arguments
    }
  }

  /// Who speaks.
  public var role: Role
  /// What is said, any text.
  public var content: String
  /// The speaker's or the tool's name, if it is of interest.
  public var name: String?
  /// What the model thought before it answered.
  public var reasoning: String?
  /// The tools that the model calls.
  public var toolCalls: [ToolCall]
  /// The call that a tool's result answers.
  public var toolCallID: String?

  /// A message.
  public init(
    role: Role, content: String, name: String? = nil, reasoning: String? = nil, toolCalls: [ToolCall] = [],
    toolCallID: String? = nil
  ) {
    self.role = role
    self.content = content
    self.name = name
    self.reasoning = reasoning
    self.toolCalls = toolCalls
    self.toolCallID = toolCallID
  }

  /// The message as templates see it.
  package var json: JSON {
    var members = [JSON.Member("role", .string(role.rawValue)), JSON.Member("content", .string(content))]
    if let name { members.append(JSON.Member("name", .string(name))) }
    if let reasoning { members.append(JSON.Member("reasoning_content", .string(reasoning))) }
    if !toolCalls.isEmpty {
      let calls = toolCalls.map { call -> JSON in
        let function: JSON = ["name": .string(call.name), "arguments": call.arguments]
        return ["id": .string(call.id), "type": "function", "function": function]
      }
      members.append(JSON.Member("tool_calls", .array(calls)))
    }
    if let toolCallID { members.append(JSON.Member("tool_call_id", .string(toolCallID))) }
    return .object(members)
  }
}
