import NumericTypes
import Tensors

/// A long short-term memory (Hochreiter, Schmidhuber: Long short-term memory, 1997), every sequence from an empty state on.
public struct LSTMLayer: Sendable, Hashable {
  /// The rows of input, forget, cell and output gates one behind the other, [4 · outputs, inputs].
  public let inputWeight: Weight
  /// Likewise for the state, [4 · outputs, outputs].
  public let hiddenWeight: Weight
  /// [4 · outputs].
  public let inputBias: Weight
  /// [4 · outputs].
  public let hiddenBias: Weight
  /// The width of the state.
  public let outputs: Int

  /// A layer with the parameters `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`, which begin as PyTorch's do.
  public init(_ builder: inout ModelBuilder, from inputs: Int, to outputs: Int) {
    self.outputs = outputs
    let all = Initializer.uniform(bound: 1 / Double(max(1, outputs)).squareRoot())
    inputWeight = builder.weight("weight_ih", [4 * outputs, inputs], all)
    hiddenWeight = builder.weight("weight_hh", [4 * outputs, outputs], all)
    inputBias = builder.weight("bias_ih", [4 * outputs], all)
    hiddenBias = builder.weight("bias_hh", [4 * outputs], all)
  }

  /// [B, N, inputs] → the states, [B, N, outputs].
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.context.lstm(
      pass.context.contiguous(x.transposed(0, 1)), inputWeight: pass.values(of: inputWeight),
      hiddenWeight: pass.values(of: hiddenWeight), inputBias: pass[inputBias], hiddenBias: pass[hiddenBias]
    ).output.transposed(0, 1)
  }
}
