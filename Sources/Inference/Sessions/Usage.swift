/// How many tokens an answer took.
public struct Usage: Sendable, Hashable, Codable {
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Those of the prompt that the session still held and that were not computed again.
  public var cachedTokens: Int
  /// Tokens generated, the one that ended the answer included.
  public var completionTokens: Int
  /// Tokens guessed ahead by look-up speculation.
  public var draftedTokens: Int
  /// Those guesses that were right.
  public var acceptedTokens: Int

  /// A usage from its parts.
  public init(
    promptTokens: Int = 0, cachedTokens: Int = 0, completionTokens: Int = 0, draftedTokens: Int = 0,
    acceptedTokens: Int = 0
  ) {
    self.promptTokens = promptTokens
    self.cachedTokens = cachedTokens
    self.completionTokens = completionTokens
    self.draftedTokens = draftedTokens
    self.acceptedTokens = acceptedTokens
  }
}
