import NumericTypes
import Tensors

/// x / √(mean(x²) + ε) · w (Zhang, Sennrich: Root mean square layer normalization, 2019).
public struct RMSNorm: Normalization {
  let weight: Tensor
  let epsilon: Float

  /// A norm with weights [width], f32.
  public init(weight: Tensor, epsilon: Float) {
    precondition(weight.dtype == .f32 && weight.shape.rank == 1, "norm weights \(weight.shape) \(weight.dtype)")
    self.weight = weight
    self.epsilon = epsilon
  }

  /// The normalised rows of x [rows, width].
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    context.rmsNorm(x, weight: weight, epsilon: epsilon)
  }
}
