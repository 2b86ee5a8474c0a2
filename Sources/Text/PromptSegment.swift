/// A part of a rendered prompt.
public enum PromptSegment: Sendable, Equatable {
  /// The text of one special token, which becomes that token.
  case special(String)
  /// Text that becomes ordinary tokens only, even where it spells a special token.
  case text(String)
}
