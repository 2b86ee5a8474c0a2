import Formats
import Tensors

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// How products are computed.
  public var compute: ComputeMode
  /// The longest sequence to allow; the model's own context length by default and at most.
  public var contextLength: Int?
  /// The most memory that weights and one full sequence may take, in bytes; what the machine has by default.
  public var memoryLimit: Int?

  /// Options with defaults.
  public init(compute: ComputeMode = .fast, contextLength: Int? = nil, memoryLimit: Int? = nil) {
    self.compute = compute
    self.contextLength = contextLength
    self.memoryLimit = memoryLimit
  }
}
