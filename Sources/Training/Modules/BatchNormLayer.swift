import NumericTypes
import Tensors

/// Channels normalised by the mean and variance of the batch, in evaluation by running ones (Ioffe, Szegedy: Batch
/// normalization, 2015).
public struct BatchNormLayer: Sendable, Hashable {
  /// A factor for each channel.
  public let weight: Weight
  /// An offset for each channel.
  public let bias: Weight
  /// The running mean of each channel.
  public let mean: Buffer
  /// The running variance of each channel, that of the batch by its elements less one.
  public let variance: Buffer
  /// What is added to the variance.
  public let epsilon: Double
  /// The part of a batch in the running numbers.
  public let momentum: Double

  /// A layer with the parameters `weight` and `bias`, ones (or `initialWeight`) and zeros, and the buffers `running_mean` and
  /// `running_var`.
  public init(
    _ builder: inout ModelBuilder, channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1,
    initialWeight: Double = 1
  ) {
    self.epsilon = epsilon
    self.momentum = momentum
    weight = builder.weight("weight", [channels], .constant(initialWeight))
    bias = builder.weight("bias", [channels], .constant(0))
    mean = builder.buffer("running_mean", [channels], 0)
    variance = builder.buffer("running_var", [channels], 1)
  }

  /// [N, channels, …] → the same shape, plus `addend`, which has it too; with `isRectified` the positive part of that.
  public func callAsFunction(
    _ x: Tensor, _ pass: Pass, adding addend: Tensor? = nil, isRectified: Bool = false
  ) -> Tensor {
    let context = pass.context
    let (scale, offset) = (pass[weight], pass[bias])
    guard pass.isTraining else {
      let perChannel = Shape([x.shape[1]] + [Int](repeating: 1, count: x.shape.rank - 2))
      let factor = context.multiply(scale, context.rsqrt(context.add(pass[variance], epsilon)))
      let shift = context.subtract(offset, context.multiply(pass[mean], factor))
      var y = context.add(context.multiply(x, factor.reshaped(perChannel)), shift.reshaped(perChannel))
      if let addend { y = context.add(y, addend) }
      return isRectified ? context.relu(y) : y
    }
    let (y, statistics) = context.batchNorm(
      x, weight: scale, bias: offset, epsilon: epsilon, adding: addend, isRectified: isRectified)
    let count = Double(x.count / max(1, x.shape[1]))
    func moved(_ buffer: Buffer, _ value: Tensor, _ factor: Double) -> Tensor {
      context.add(
        context.multiply(pass[buffer], 1 - momentum), context.multiply(value, momentum * factor))
    }
    pass.update(mean, to: moved(mean, statistics.mean, 1))
    // One element has no variance; PyTorch refuses it.
    pass.update(variance, to: moved(variance, statistics.variance, count / max(1, count - 1)))
    return y
  }
}
