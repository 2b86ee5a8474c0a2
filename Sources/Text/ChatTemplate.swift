/// How a model wants a conversation written. Templates are not interpreted: the text that a model brings is compared with
/// those that the engine renders by code of its own, and any other is refused.
///
/// What a message says cannot forge a turn: it is rendered as ``PromptSegment/text(_:)``, so that `<|im_end|>` in it stays
/// ten ordinary characters. llama.cpp makes control tokens of it; on messages without such text the tokens are the same.
public struct ChatTemplate: Sendable, Equatable {
  /// The family's name, for messages and listings.
  public let name: String
  /// What a conversation starts with if its first message is no system message; nil for nothing.
  public let defaultSystem: String?

  /// Recognises a model's own template by its whole text.
  ///
  /// - Throws: ``TextError/chatTemplateMissing`` for nil, ``TextError/chatTemplateUnknown(bytes:beginning:)`` for a text that
  ///   the engine does not render exactly.
  public init(recognising text: String?) throws(TextError) {
    guard let text else { throw .chatTemplateMissing }
    guard let known = ChatTemplate.known.first(where: { $0.text.utf8.elementsEqual(text.utf8) }) else {
      throw .chatTemplateUnknown(bytes: text.utf8.count, beginning: String(text.prefix(60)))
    }
    name = known.name
    defaultSystem = known.defaultSystem
  }

  /// Writes a conversation as the template does.
  ///
  /// - Parameters:
  ///   - messages: the conversation, its first message first.
  ///   - addsGenerationPrompt: whether it ends with the start of the assistant's turn.
  /// - Returns: segments; texts that touch are one segment, because words may span them.
  public func render(_ messages: [ChatMessage], addsGenerationPrompt: Bool = true) -> [PromptSegment] {
    var segments: [PromptSegment] = []
    var text = ""
    func special(_ token: String) {
      if !text.isEmpty { segments.append(.text(text)) }
      text = ""
      segments.append(.special(token))
    }
    func turn(_ role: String, _ content: String) {
      special("<|im_start|>")
      text += role + "\n" + content
      special("<|im_end|>")
      text += "\n"
    }
    if let defaultSystem, let first = messages.first, first.role != .system { turn("system", defaultSystem) }
    for message in messages { turn(message.role.rawValue, message.content) }
    if addsGenerationPrompt {
      special("<|im_start|>")
      text += "assistant\n"
    }
    if !text.isEmpty { segments.append(.text(text)) }
    return segments
  }

  /// The rendered conversation as one text, special tokens by their text; for display, not for encoding.
  public func renderText(_ messages: [ChatMessage], addsGenerationPrompt: Bool = true) -> String {
    render(messages, addsGenerationPrompt: addsGenerationPrompt).map { segment in
      switch segment {
      case .special(let text), .text(let text): text
      }
    }.joined()
  }
}
