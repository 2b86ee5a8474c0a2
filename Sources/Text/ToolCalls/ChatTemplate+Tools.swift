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
  /// Templates that do not list tools get them as text: the system's message ends with ``instructions(for:)``, or where the
  /// template refuses one, the user's first message begins with them. Earlier calls and results are then, as they are where
  /// the template writes no calls at all, messages with `<tool_call>` and `<tool_response>` around them, as
  /// ``ToolCallFormat/hermes`` has it. Arguments of earlier calls are objects; a template that cannot do with them gets texts.
  ///
  /// - Throws: as ``render(_:addsGenerationPrompt:tools:variables:now:limits:)``.
  public func render(
    _ messages: [ChatMessage], calling tools: [ChatTool], variables: [JSON.Member] = []
  ) throws(TextError) -> [PromptSegment] {
    if listsTools || tools.isEmpty, writesToolCalls {
      do throws(TextError) { return try render(messages, tools: tools.map(\.json), variables: variables) } catch {
        let texts = messages.map(\.withArgumentsAsText)
        guard case .chatTemplateFailed = error, texts != messages else { throw error }
        return try render(texts, tools: tools.map(\.json), variables: variables)
      }
    }
    var messages = ChatMessage.withCallsAsText(messages)
    if listsTools || tools.isEmpty { return try render(messages, tools: tools.map(\.json), variables: variables) }
    let text = Self.instructions(for: tools)
    if messages.first?.role == .system {
      messages[0].content += (messages[0].content.isEmpty ? "" : "\n\n") + text
      return try render(messages, variables: variables)
    }
    do throws(TextError) {
      return try render([ChatMessage(role: .system, content: text)] + messages, variables: variables)
    } catch {
      guard case .chatTemplateRaised = error, let first = messages.firstIndex(where: { $0.role == .user }) else {
        throw error
      }
      messages[first].content = text + "\n\n" + messages[first].content
      return try render(messages, variables: variables)
    }
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
  fileprivate var withArgumentsAsText: ChatMessage {
    var message = self
    for index in toolCalls.indices { message.toolCalls[index].arguments = .string(toolCalls[index].arguments.line) }
    return message
  }

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
