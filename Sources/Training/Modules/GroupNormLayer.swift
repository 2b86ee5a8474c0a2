import NumericTypes
import Tensors

/// Groups of channels of each example, normalised by their mean and variance (Wu, He: Group normalization, 2018).
public struct GroupNormLayer: Sendable, Hashable {
  /// A factor for each channel.
  public let weight: Weight
  /// An offset for each channel.
  public let bias: Weight
  /// The groups.
  public let groups: Int
  /// What is added to the variance.
  public let epsilon: Float

  /// A layer with the parameters `weight` and `bias`, ones and zeros.
  ///
  /// - Precondition: `groups` divides `channels`.
  public init(_ builder: inout ModelBuilder, channels: Int, groups: Int, epsilon: Float = 1e-5) {
    precondition(groups > 0 && channels.isMultiple(of: groups), "\(channels) channels in \(groups) groups")
    self.groups = groups
    self.epsilon = epsilon
    weight = builder.weight("weight", [channels], .constant(1))
    bias = builder.weight("bias", [channels], .constant(0))
  }

  /// [N, channels, …] → the same shape.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let (examples, channels) = (x.shape[0], x.shape[1])
    let row = x.count / max(1, examples * groups)
    let normal = context.layerNorm(context.contiguous(x).reshaped([examples * groups, row]), epsilon: epsilon)
    let perChannel = Shape([channels] + [Int](repeating: 1, count: x.shape.rank - 2))
    let scaled = context.multiply(normal.reshaped(x.shape), pass[weight].reshaped(perChannel))
    return context.add(scaled, pass[bias].reshaped(perChannel))
  }
}
