import Layers
import Models
import Text

/// A session's state at one moment: its tokens, its cache and its conversation.
///
/// It shares memory with the session until that goes on, and outlives it, as does the model.
public struct SessionSnapshot: Sendable {
  let model: any LanguageModel
  let tokens: [Int32]
  let state: (any MixerState)?
  /// The version of the adapter that the state was computed with; 0 for none.
  let version: Int
  /// The conversation.
  public let messages: [ChatMessage]

  /// The tokens that the cache holds.
  public var tokenCount: Int { tokens.count }
  /// The bytes that the cache holds.
  public var bytes: Int { state?.bytes ?? 0 }

  /// The state and its tokens for one session alone; nothing for another model, whatever its states look like.
  ///
  /// - Throws: the model's errors.
  func copy(for model: any LanguageModel) throws -> ((any MixerState)?, [Int32]) {
    guard let state, model === self.model else { return (nil, []) }
    return (try state.fork(), tokens)
  }
}
