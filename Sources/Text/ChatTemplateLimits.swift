/// What a chat template may use up while it renders; what wants more is refused.
public struct ChatTemplateLimits: Sendable, Equatable {
  /// Steps: one for each node visited, for every eight code points and for every element of a list made.
  public var steps: Int
  /// Code points of any one text, the output included.
  public var textLength: Int
  /// Nested calls of statements, expressions and macros.
  public var depth: Int

  /// Limits that real templates and conversations stay far below. The steps grow with the conversation by eight for each
  /// byte.
  public init(steps: Int = 1_000_000, textLength: Int = 4_000_000, depth: Int = 400) {
    self.steps = steps
    self.textLength = textLength
    self.depth = depth
  }
}
