import Models

/// How an embedder loads its model and works.
public struct EmbedderOptions: Sendable {
  /// The most tokens of one step, over all texts in it.
  ///
  /// From about 256 on the matrix products are as fast as they get; more only takes memory, and waits longer where
  /// somebody cancels.
  public static let defaultStepTokens = 512

  /// How products with quantised weights are computed.
  public var compute: ComputeMode
  /// Threads that compute; one for each processor by default.
  public var threads: Int?
  /// The most memory that the model may state, in bytes; what the machine has by default.
  public var memoryLimit: Int?
  /// How a text's vectors become one; the model's own way by default.
  public var pooling: Pooling?
  /// The most tokens of a text; the model's own limit by default and at most.
  public var maxTokens: Int?
  /// The most tokens of one step, over all texts in it; ``defaultStepTokens`` by default.
  public var stepTokens: Int?

  /// Options; nothing said leaves the choice to the model and the defaults.
  public init(
    compute: ComputeMode = .fast, threads: Int? = nil, memoryLimit: Int? = nil, pooling: Pooling? = nil,
    maxTokens: Int? = nil, stepTokens: Int? = nil
  ) {
    self.compute = compute
    self.threads = threads
    self.memoryLimit = memoryLimit
    self.pooling = pooling
    self.maxTokens = maxTokens
    self.stepTokens = stepTokens
  }

  /// Checks every value.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)``.
  public func validate() throws(InferenceError) {
    let limits = [
      ("threads", threads, 1...1024), ("memoryLimit", memoryLimit, 1...Int.max), ("maxTokens", maxTokens, 2...1 << 24),
      ("stepTokens", stepTokens, 1...1 << 20),
    ]
    for (field, value, range) in limits {
      guard let value, !range.contains(value) else { continue }
      throw .invalidOption(
        field: field, value: "\(value)", problem: "must be from \(range.lowerBound) to \(range.upperBound)")
    }
  }
}
