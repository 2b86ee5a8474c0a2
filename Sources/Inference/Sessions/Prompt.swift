import Text

/// What a generation continues.
public enum Prompt: Sendable {
  /// Plain text, continued as it stands; markers of special tokens in it become those tokens.
  case text(String)
  /// A conversation, rendered by the model's chat template.
  case chat([ChatMessage])
  /// Token ids.
  case tokens([Int32])
}

extension Prompt: ExpressibleByStringLiteral {
  /// Plain text.
  public init(stringLiteral value: String) { self = .text(value) }
}
