/// What a simulated run did.
public struct MoELensReport: Sendable, Hashable {
  /// Seconds of all passes.
  public var seconds = 0.0
  /// Passes.
  public var passes = 0
  /// Requests that were answered.
  public var answered = 0
  /// Tokens of answers.
  public var answerTokens = 0
  /// Tokens that were computed, prompts' and again computed ones among them.
  public var computedTokens = 0
  /// Requests that gave their pages up, counted each time.
  public var preemptions = 0
  /// Tokens that were computed again after that.
  public var recomputedTokens = 0
  /// The most pages that were held.
  public var mostPages = 0
  /// Seconds in which the device computed.
  public var deviceSeconds = 0.0

  /// Tokens of answers a second.
  public var throughput: Double { seconds > 0 ? Double(answerTokens) / seconds : 0 }
  /// The part of the time in which the device computed.
  public var deviceUtilization: Double { seconds > 0 ? deviceSeconds / seconds : 0 }
}
