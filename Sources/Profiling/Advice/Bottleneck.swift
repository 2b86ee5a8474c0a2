/// A narrow place in a model's work.
public struct Bottleneck: Sendable, Hashable {
  /// A part of generating.
  public enum Phase: String, Sendable, Hashable, CaseIterable, Codable {
    /// Reading the prompt, many tokens at once.
    case prefill
    /// Making the answer, a token at a time.
    case decode
  }

  /// What the work waits for.
  public enum Limit: String, Sendable, Hashable, CaseIterable, Codable {
    /// Arithmetic.
    case compute
    /// Memory traffic.
    case memory
    /// Neither: starting operators, threads that wait for each other, time far above the roofline.
    case overhead
    /// Room: what the work keeps in memory.
    case capacity
  }

  /// Where.
  public var phase: Phase
  /// Why.
  public var limit: Limit

  /// A bottleneck from its parts.
  public init(_ phase: Phase, _ limit: Limit) {
    self.phase = phase
    self.limit = limit
  }
}
