/// A query that was timed.
public struct RuntimeObservation: Sendable, Hashable, Codable {
  /// Tokens p of the prompt.
  public var prompt: Int
  /// Tokens o of the output: those that came, not those that were asked for.
  public var output: Int
  /// Seconds.
  public var seconds: Double

  /// An observation.
  public init(prompt: Int, output: Int, seconds: Double) {
    self.prompt = prompt
    self.output = output
    self.seconds = seconds
  }
}
