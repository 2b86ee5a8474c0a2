/// A finished answer.
public struct Completion: Sendable, Hashable {
  /// The text, the same as all ``GenerationEvent/text(_:)`` together.
  public var text: String
  /// The ids generated, the one that ended the answer included.
  public var tokens: [Int32]
  /// Why it ended.
  public var reason: FinishReason
  /// The stop string that ended it, if one did.
  public var stopString: String?
  /// The seed, to get the same answer again.
  public var seed: UInt64
  /// The tokens it took.
  public var usage: Usage
  /// The time it took.
  public var timings: GenerationTimings

  /// A completion from its parts.
  public init(
    text: String, tokens: [Int32], reason: FinishReason, stopString: String? = nil, seed: UInt64, usage: Usage,
    timings: GenerationTimings
  ) {
    self.text = text
    self.tokens = tokens
    self.reason = reason
    self.stopString = stopString
    self.seed = seed
    self.usage = usage
    self.timings = timings
  }
}
