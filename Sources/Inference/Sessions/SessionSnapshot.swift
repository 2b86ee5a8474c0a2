import Models
import Text

/// A session's state at one moment: its tokens, its cache and its conversation.
///
/// It shares memory with the session until that goes on, and outlives it.
public struct SessionSnapshot: Sendable {
  let tokens: [Int32]
  let state: (any SequenceState)?
  /// The conversation.
  public let messages: [ChatMessage]

  /// The tokens that the cache holds.
  public var tokenCount: Int { tokens.count }
  /// The bytes that the cache holds.
  public var bytes: Int { state?.bytes ?? 0 }
}
