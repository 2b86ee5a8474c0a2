/// When the parts of one answer came, in seconds of a monotonic clock, and how many tokens it has.
public struct AnswerTimes: Sendable, Equatable {
  /// When the request was due; it may have been sent later.
  public var due: Double
  /// When it was sent.
  public var sent: Double
  /// When each event with text came.
  public var events: [Double]
  /// When the stream ended.
  public var end: Double
  /// Tokens of the prompt, as the server counts; `nil` where it does not say.
  public var promptTokens: Int?
  /// Tokens of the prompt that the server had computed before.
  public var cachedTokens: Int?
  /// Tokens of the answer: the server's count, else the number of events.
  public var outputTokens: Int

  /// An answer from its parts.
  public init(
    due: Double, sent: Double, events: [Double], end: Double, promptTokens: Int? = nil, cachedTokens: Int? = nil,
    outputTokens: Int
  ) {
    (self.due, self.sent, self.events, self.end) = (due, sent, events, end)
    (self.promptTokens, self.cachedTokens, self.outputTokens) = (promptTokens, cachedTokens, outputTokens)
  }

  /// Seconds until the first text, from when the request was due; `nil` for an answer without text.
  public var firstToken: Double? { events.first.map { $0 - due } }
  /// Seconds between neighbouring events.
  public var gaps: [Double] { zip(events.dropFirst(), events).map { $0 - $1 } }
  /// Seconds from token to token, the mean over the answer; `nil` for less than two tokens or events.
  public var interToken: Double? {
    guard let first = events.first, let last = events.last, events.count > 1, outputTokens > 1 else { return nil }
    return (last - first) / Double(outputTokens - 1)
  }
  /// Seconds until the end, from when the request was due.
  public var endToEnd: Double { end - due }

  /// The tokens that came within a time: each event counts for its share of the answer's tokens.
  public func tokens(in window: ClosedRange<Double>) -> Double {
    if events.isEmpty { return 0 }
    let inside = events.count { window.contains($0) }
    return Double(outputTokens) * Double(inside) / Double(events.count)
  }
}
