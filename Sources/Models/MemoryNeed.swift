import CVenturi

/// What a loaded model takes: its weights and one full sequence.
public struct MemoryNeed: Sendable, Hashable {
  /// Bytes of weights.
  public let weights: Int
  /// Bytes of one sequence's state at the full context length.
  public let fullSequence: Int

  /// The need of a model.
  public init(_ description: ModelDescription) {
    weights = description.weightBytes
    let (bytes, overflow) = description.stateBytesPerToken.multipliedReportingOverflow(by: description.contextLength)
    fullSequence = overflow ? .max : bytes
  }

  /// Refuses what does not fit into `limit` bytes, or into the memory that the system has available.
  ///
  /// - Throws: ``ModelError/doesNotFit(neededBytes:availableBytes:)``.
  func check(limit: Int?) throws(ModelError) {
    let available = limit ?? Int(clamping: vt_available_memory())
    let (needed, overflow) = weights.addingReportingOverflow(fullSequence)
    if overflow || needed > available {
      throw .doesNotFit(neededBytes: overflow ? Int.max : needed, availableBytes: available)
    }
  }
}
