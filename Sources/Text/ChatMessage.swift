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

  /// Who speaks.
  public var role: Role
  /// What is said, any text.
  public var content: String

  /// A message.
  public init(role: Role, content: String) {
    self.role = role
    self.content = content
  }
}
