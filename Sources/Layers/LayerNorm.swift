import NumericTypes
import Tensors

/// (x - mean) / √(variance + ε) · w + b (Ba, Kiros, Hinton: Layer normalization, 2016).
public struct LayerNorm: Normalization {
  let weight: Tensor
  let bias: Tensor?
  let epsilon: Float

  /// A norm with weights and biases [width], f32.
  public init(weight: Tensor, bias: Tensor?, epsilon: Float) {
    for part in [weight, bias].compactMap({ $0 }) {
      precondition(part.dtype == .f32 && part.shape == weight.shape && part.shape.rank == 1, "norm of \(part.shape)")
    }
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }

  /// The normalised rows of x [rows, width].
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    context.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
  }
}
