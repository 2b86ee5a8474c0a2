/// A request as far as its work goes.
public struct SimulatedRequest: Sendable, Hashable, Codable {
  /// Seconds from the start.
  public var arrival: Double
  /// Tokens of its prompt.
  public var promptTokens: Int
  /// Tokens of its answer.
  public var outputTokens: Int

  /// A request from its parts.
  public init(arrival: Double, promptTokens: Int, outputTokens: Int) {
    self.arrival = arrival
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
  }
}
