import NumericTypes

/// A tensor that a rule keeps for each parameter from step to step.
public struct StateSlot: Sendable {
  /// What is in it before the first step.
  public enum Content: Sendable {
    /// One number everywhere.
    case value(Double)
    /// The parameter's weights, f32.
    case weights
  }

  /// The name, without dots; in a saved state it stands behind the parameter's name and a dot.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// The element type.
  public let dtype: DType
  /// What is in it before the first step.
  public let content: Content

  /// A slot, f32 zeros unless said otherwise.
  public init(_ name: String, _ shape: Shape, _ dtype: DType = .f32, content: Content = .value(0)) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.content = content
  }
}
