import NumericTypes
import Tensors

/// (x - mean) / √(variance + ε) · w + b along the last axis (Ba, Kiros, Hinton: Layer normalization, 2016).
public struct LayerNormLayer: Sendable, Hashable {
  /// w, [width].
  public let weight: Weight
  /// b, [width].
  public let bias: Weight?
  /// ε.
  public let epsilon: Float

  /// A layer with the parameters `weight` and `bias`, ones and zeros.
  public init(_ builder: inout ModelBuilder, width: Int, epsilon: Float = 1e-5, hasBias: Bool = true) {
    self.epsilon = epsilon
    weight = builder.weight("weight", [width], .constant(1))
    bias = hasBias ? builder.weight("bias", [width], .constant(0)) : nil
  }

  /// The rows of x, normalised.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.context.layerNorm(x, weight: pass[weight], bias: bias.map { pass[$0] }, epsilon: epsilon)
  }
}
