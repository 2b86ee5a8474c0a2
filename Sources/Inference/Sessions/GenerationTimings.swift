/// How long an answer took, in seconds on a clock that never goes back.
public struct GenerationTimings: Sendable, Hashable, Codable {
  /// From the request until the generation was taken up.
  public var queueSeconds: Double
  /// From then until the prompt was computed and the first token drawn.
  public var promptSeconds: Double
  /// From the request to the first token.
  public var timeToFirstTokenSeconds: Double
  /// From the first token to the last.
  public var generationSeconds: Double
  /// Prompt tokens computed for each second; 0 when none were.
  public var promptTokensPerSecond: Double
  /// Tokens after the first for each second; 0 when there are none.
  public var generationTokensPerSecond: Double

  /// Timings from their parts.
  public init(
    queueSeconds: Double = 0, promptSeconds: Double = 0, timeToFirstTokenSeconds: Double = 0,
    generationSeconds: Double = 0, promptTokensPerSecond: Double = 0, generationTokensPerSecond: Double = 0
  ) {
    self.queueSeconds = queueSeconds
    self.promptSeconds = promptSeconds
    self.timeToFirstTokenSeconds = timeToFirstTokenSeconds
    self.generationSeconds = generationSeconds
    self.promptTokensPerSecond = promptTokensPerSecond
    self.generationTokensPerSecond = generationTokensPerSecond
  }
}
