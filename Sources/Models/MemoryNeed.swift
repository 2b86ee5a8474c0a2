import CVenturi
import NumericTypes

/// What a loaded model takes at most while it works on one sequence, as its file and its options say before any of it is
/// taken. A tokenizer and a program's own memory come on top.
public struct MemoryNeed: Sendable, Hashable, Codable {
  /// Bytes of weights, packed for the kernels.
  public let weights: Int
  /// Bytes of one sequence's state for each token.
  public let perToken: Int
  /// Bytes of one sequence's state at the full context length, with the tables that go with the length.
  public let fullSequence: Int
  /// Bytes of the largest step: activations, quantised rows, scratch and logits.
  public let step: Int
  /// Bytes that captured short steps keep.
  public let capturedSteps: Int

  /// A need from its parts.
  public init(weights: Int, perToken: Int, fullSequence: Int, step: Int, capturedSteps: Int) {
    self.weights = weights
    self.perToken = perToken
    self.fullSequence = fullSequence
    self.step = step
    self.capturedSteps = capturedSteps
  }

  /// All of it in bytes; the largest number where it does not fit one.
  public var total: Int { weights.addingClamped(fullSequence).addingClamped(step).addingClamped(capturedSteps) }

  /// Refuses what does not fit into `limit` bytes, or into the memory that the system has available.
  ///
  /// - Throws: ``ModelError/doesNotFit(neededBytes:availableBytes:)``.
  func check(limit: Int?) throws(ModelError) {
    let available = limit ?? Int(clamping: vt_available_memory())
    if total > available { throw .doesNotFit(neededBytes: total, availableBytes: available) }
  }
}
