import Tensors

/// A gated recurrent unit (Cho et al.: Learning phrase representations, 2014), every sequence from an empty state on.
public struct GRULayer: Sendable, Hashable {
  /// The rows of reset and update gates and the new state.
  public let weights: RecurrentWeights

  /// A layer of `outputs` units with the parameters of ``RecurrentWeights``.
  public init(_ builder: inout ModelBuilder, from inputs: Int, to outputs: Int) {
    weights = RecurrentWeights(&builder, gates: 3, from: inputs, to: outputs)
  }

  /// [B, N, inputs] → the states, [B, N, outputs].
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.context.gru(
      pass.context.contiguous(x.transposed(0, 1)), inputWeight: pass.values(of: weights.input),
      hiddenWeight: pass.values(of: weights.hidden), inputBias: pass[weights.inputBias],
      hiddenBias: pass[weights.hiddenBias]
    ).output.transposed(0, 1)
  }
}
