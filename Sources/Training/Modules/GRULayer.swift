import NumericTypes
import Tensors

/// A gated recurrent unit (Cho et al.: Learning phrase representations, 2014), every sequence from an empty state on.
public struct GRULayer: Sendable, Hashable {
  /// The rows of reset and update gates and the new state one behind the other, [3 · outputs, inputs].
  public let inputWeight: Weight
  /// Likewise for the state, [3 · outputs, outputs].
  public let hiddenWeight: Weight
  /// [3 · outputs].
  public let inputBias: Weight
  /// [3 · outputs].
  public let hiddenBias: Weight
  /// The width of the state.
  public let outputs: Int

  /// A layer with the parameters `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`, which begin as PyTorch's do.
  public init(_ builder: inout ModelBuilder, from inputs: Int, to outputs: Int) {
    self.outputs = outputs
    let all = Initializer.uniform(bound: 1 / Double(max(1, outputs)).squareRoot())
    inputWeight = builder.weight("weight_ih", [3 * outputs, inputs], all)
    hiddenWeight = builder.weight("weight_hh", [3 * outputs, outputs], all)
    inputBias = builder.weight("bias_ih", [3 * outputs], all)
    hiddenBias = builder.weight("bias_hh", [3 * outputs], all)
  }

  /// [B, N, inputs] → the states, [B, N, outputs].
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.context.gru(
      pass.context.contiguous(x.transposed(0, 1)), inputWeight: pass.values(of: inputWeight),
      hiddenWeight: pass.values(of: hiddenWeight), inputBias: pass[inputBias], hiddenBias: pass[hiddenBias]
    ).output.transposed(0, 1)
  }
}
