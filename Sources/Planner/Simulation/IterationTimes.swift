/// What one iteration of a serving machine computes: prompts, whole or in parts, and one token of each other sequence.
public struct IterationBatch: Sendable, Hashable {
  /// New tokens of prompts.
  public var promptTokens = 0
  /// Pairs of one of these and a token that it sees.
  public var promptPairs = 0.0
  /// Tokens that the prompts had in the cache before.
  public var promptPast = 0
  /// Sequences that get one token.
  public var sequences = 0
  /// Tokens that these have in the cache.
  public var contextTokens = 0

  /// A batch of nothing.
  public init() {}

  /// A batch from its parts.
  public init(promptTokens: Int = 0, sequences: Int = 0, contextTokens: Int = 0) {
    self.promptTokens = promptTokens
    promptPairs = Double(promptTokens) * (Double(promptTokens) + 1) / 2
    self.sequences = sequences
    self.contextTokens = contextTokens
  }

  /// Whether there is nothing to compute.
  public var isEmpty: Bool { promptTokens == 0 && sequences == 0 }
}

/// How long a machine takes for an iteration.
public protocol IterationTimes: Sendable {
  /// Seconds of the batch; above zero.
  func seconds(of batch: IterationBatch) -> Double
}
