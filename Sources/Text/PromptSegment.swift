/// A part of a rendered prompt.
public enum PromptSegment: Sendable, Equatable {
  /// Text of the chat template, in which the texts of special tokens become those tokens.
  case template(String)
  /// Text from outside, such as a message, which becomes ordinary tokens only, even where it spells a special token.
  case text(String)

  /// The text, wherever it comes from.
  public var content: String {
    switch self {
    case .template(let text), .text(let text): text
    }
  }
}
