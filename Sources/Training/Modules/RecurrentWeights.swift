import NumericTypes

/// The weights of a recurrent cell, the rows of its gates one behind the other.
public struct RecurrentWeights: Sendable, Hashable {
  /// [gates · outputs, inputs].
  public let input: Weight
  /// Likewise for the state, [gates · outputs, outputs].
  public let hidden: Weight
  /// [gates · outputs].
  public let inputBias: Weight
  /// [gates · outputs].
  public let hiddenBias: Weight

  /// The parameters `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`, which begin as PyTorch's do.
  init(_ builder: inout ModelBuilder, gates: Int, from inputs: Int, to outputs: Int) {
    let all = Initializer.uniform(bound: 1 / Double(max(1, outputs)).squareRoot())
    input = builder.weight("weight_ih", [gates * outputs, inputs], all)
    hidden = builder.weight("weight_hh", [gates * outputs, outputs], all)
    inputBias = builder.weight("bias_ih", [gates * outputs], all)
    hiddenBias = builder.weight("bias_hh", [gates * outputs], all)
  }
}
