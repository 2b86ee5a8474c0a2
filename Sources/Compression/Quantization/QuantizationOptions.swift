import NumericTypes

/// How a model is quantised.
public struct QuantizationOptions: Sendable {
  /// A type for the tensors whose name a regular expression is found in.
  public struct Override: Sendable, Equatable {
    /// The expression.
    public var pattern: String
    /// The type.
    public var dtype: DType

    /// A type for a pattern.
    public init(pattern: String, dtype: DType) {
      self.pattern = pattern
      self.dtype = dtype
    }
  }

  /// The mixture.
  public var recipe: QuantizationRecipe
  /// Whether all weights get the recipe's own type.
  public var isPure = false
  /// Types for certain tensors; the first that is found counts.
  public var overrides: [Override] = []
  /// The type of `output.weight`.
  public var outputType: DType?
  /// The type of the embedding.
  public var embeddingType: DType?
  /// Whether tensors that are quantised already may be quantised again.
  public var allowsRequantizing = false
  /// How much each column of each weight matters.
  public var importance: Importance?

  /// Options with defaults.
  public init(recipe: QuantizationRecipe) { self.recipe = recipe }
}
