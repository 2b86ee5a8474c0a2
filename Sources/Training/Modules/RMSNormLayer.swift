import NumericTypes
import Tensors

/// x / √(mean(x²) + ε) · w along the last axis (Zhang, Sennrich: Root mean square layer normalization, 2019).
public struct RMSNormLayer: Sendable, Hashable {
  /// w, [width].
  public let weight: Weight
  /// ε.
  public let epsilon: Float

  /// A layer with the parameter `weight`, ones.
  public init(_ builder: inout ModelBuilder, width: Int, epsilon: Float = 1e-5) {
    self.epsilon = epsilon
    weight = builder.weight("weight", [width], .constant(1))
  }

  /// The rows of x, normalised.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.context.rmsNorm(x, weight: pass[weight], epsilon: epsilon)
  }
}
