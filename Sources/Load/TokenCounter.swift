/// Whatever knows how many tokens a text has as a prompt.
public protocol TokenCounter: Sendable {
  /// The tokens of `text`, with those that the model wants before every text.
  func tokens(in text: String) async throws -> Int
}
