/// What happens while an answer is generated: progress events, then tokens and text, then one `finished`.
public enum GenerationEvent: Sendable, Hashable {
  /// So much of the prompt is computed, tokens that the session still held included.
  case progress(prefilled: Int, of: Int)
  /// A token, before the text it completes; only when ``GenerationOptions/tokenEvents`` or
  /// ``GenerationOptions/logProbabilities`` ask for it.
  case token(GeneratedToken)
  /// A piece of the answer: whole characters, never a part of a stop string.
  case text(String)
  /// The answer is complete; the last event.
  case finished(Completion)
}
