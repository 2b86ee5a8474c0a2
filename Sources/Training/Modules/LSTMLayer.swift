import Tensors

/// A long short-term memory (Hochreiter, Schmidhuber: Long short-term memory, 1997), every sequence from an empty state on.
public struct LSTMLayer: Sendable, Hashable {
  /// The rows of input, forget, cell and output gates.
  public let weights: RecurrentWeights

  /// A layer of `outputs` units with the parameters of ``RecurrentWeights``.
  public init(_ builder: inout ModelBuilder, from inputs: Int, to outputs: Int) {
    weights = RecurrentWeights(&builder, gates: 4, from: inputs, to: outputs)
  }

  /// [B, N, inputs] → the states, [B, N, outputs].
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.context.lstm(
      pass.context.contiguous(x.transposed(0, 1)), inputWeight: pass.values(of: weights.input),
      hiddenWeight: pass.values(of: weights.hidden), inputBias: pass[weights.inputBias],
      hiddenBias: pass[weights.hiddenBias]
    ).output.transposed(0, 1)
  }
}
