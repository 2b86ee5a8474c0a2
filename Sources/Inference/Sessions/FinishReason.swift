/// Why an answer ended.
public enum FinishReason: String, Sendable, Hashable, Codable {
  /// The model ended it.
  case stop
  /// ``GenerationOptions/maxTokens`` or the end of the context was reached.
  case length
  /// One of ``GenerationOptions/stop`` appeared.
  case stopString
  /// ``Generation/cancel()`` was called.
  case cancelled
}
