import Formats

extension ChatTemplate {
  /// Whether a template's text has a name in it.
  static func names(_ word: String, in source: String) -> Bool {
    source.utf8.split { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        false
      default: true
      }
    }.contains { $0.elementsEqual(word.utf8) }
  }

  /// Writes a conversation in which the model may call tools.
  ///
  /// Templates that know nothing of tools get them as text: the system's message ends with ``instructions(for:)``, and
  /// earlier calls and results, where the template does not write calls, are messages with `<tool_call>` and
  /// `<tool_response>` around them, as ``ToolCallFormat/hermes`` has it.
  ///
  /// - Throws: as ``render(_:addsGenerationPrompt:tools:variables:now:limits:)``.
  public func render(
    _ messages: [ChatMessage], calling tools: [ChatTool], variables: [JSON.Member] = []
  ) throws(TextError) -> [PromptSegment] {
    var messages = messages
    if !writesToolCalls { messages = ChatMessage.withCallsAsText(messages) }
    guard !tools.isEmpty, !listsTools else {
      return try render(messages, tools: tools.map(\.json), variables: variables)
    }
    let text = Self.instructions(for: tools)
    if messages.first?.role == .system {
      messages[0].content += (messages[0].content.isEmpty ? "" : "\n\n") + text
    } else {
      messages.insert(ChatMessage(role: .system, content: text), at: 0)
    }
    return try render(messages, variables: variables)
  }

  /// What a model is told of tools where its template tells it nothing.
  public static func instructions(for tools: [ChatTool]) -> String {
    """
    You may call functions to help with the request. Each line between <tools> and </tools> describes one, with a JSON \
    schema of its parameters:
    <tools>
    \(tools.map(\.json.line).joined(separator: "\n"))
    </tools>
    To call a function, answer with its name and its arguments as a JSON object between <tool_call> and </tool_call>:
    <tool_call>
    {"name": "the function's name", "arguments": {"a parameter": "its value"}}
    </tool_call>
    What the function gives comes back between <tool_response> and </tool_response>. If no function is of use, answer \
    without a call.
    """
  }
}

extension ChatMessage {
  /// The messages with calls of tools, and what the tools gave, as text of assistant and user.
  fileprivate static func withCallsAsText(_ messages: [ChatMessage]) -> [ChatMessage] {
    var out: [ChatMessage] = []
    var isAfterTool = false
    for message in messages {
      if message.role == .tool {
        let text = "<tool_response>\n\(message.content)\n</tool_response>"
        if isAfterTool {
          out[out.count - 1].content += "\n" + text
        } else {
          out.append(ChatMessage(role: .user, content: text))
        }
      } else if message.toolCalls.isEmpty {
        out.append(message)
      } else {
        var texts = message.content.isEmpty ? [] : [message.content]
        for call in message.toolCalls {
          let object: JSON = ["name": .string(call.name), "arguments": call.arguments]
          texts.append("<tool_call>\n\(object.line)\n</tool_call>")
        }
        out.append(
          ChatMessage(
            role: message.role, content: texts.joined(separator: "\n"), name: message.name,
            reasoning: message.reasoning))
      }
      isAfterTool = message.role == .tool
    }
    return out
  }
}
