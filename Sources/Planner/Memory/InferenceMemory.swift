import Costs

/// What a decoder takes of a device's memory while it answers.
public struct InferenceMemory: Sendable, Hashable {
  /// Bytes of weights.
  public var weights: Double
  /// Bytes of keys and values for each token of a sequence.
  public var statePerToken: Double
  /// Bytes of keys and values of all sequences.
  public var state: Double
  /// Bytes of the largest step's activations and logits.
  public var activations: Double

  /// All of it.
  public var total: Double { weights + state + activations }

  /// The need of `sequences` sequences of `tokens` tokens each.
  ///
  /// Activations are those of one step: the residual stream, queries, keys and values, the feed-forward layer's width twice, and
  /// logits of one token of each sequence in 32 bits.
  ///
  /// - Parameters:
  ///   - shape: the model.
  ///   - weightBytes: bytes of a weight; 0.5625 for 4 bits with a scale for 32.
  ///   - stateBytes: bytes of a number of keys and values.
  ///   - sequences: the sequences that are answered together.
  ///   - tokens: the tokens of each, those of the prompt among them.
  ///   - stepTokens: the rows of the largest step.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts and widths that are none.
  public init(
    _ shape: TransformerShape, weightBytes: Double, stateBytes: Double, sequences: Int, tokens: Int, stepTokens: Int
  ) throws(PlannerError) {
    for (field, count) in [("sequences", sequences), ("tokens", tokens), ("stepTokens", stepTokens)]
    where !(1...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 31)")
    }
    for (field, width) in [("weightBytes", weightBytes), ("stateBytes", stateBytes)]
    where !(width > 0 && width <= 16) {
      throw .invalid(field: field, problem: "\(width) lies outside 0…16 bytes")
    }
    weights = Double(shape.parameters) * weightBytes
    statePerToken = Double(shape.stateNumbersPerToken) * stateBytes
    state = statePerToken * Double(sequences) * Double(tokens)
    let row =
      2 * shape.width + shape.headDim * (2 * shape.heads + 2 * shape.kvHeads)
      + (shape.gated ? 2 : 1) * shape.feedForward
    activations = 2 * Double(stepTokens) * Double(row) + 4 * Double(sequences) * Double(shape.vocabulary)
  }

  /// The most sequences of `tokens` tokens whose state fits beside the weights in `share` of the device's memory.
  public func mostSequences(of tokens: Int, on device: Device, share: Double = 0.9) -> Int {
    let free = device.memory.value * share - weights - activations
    // Keys and values of next to no bytes fit without end.
    return free <= 0 ? 0 : Int(min(free / (statePerToken * Double(tokens)), 1e15))
  }
}
