import NumericTypes
import Tensors

/// A residual network for small images: a stem of one 3 × 3 convolution without pooling, stages of blocks that halve the
/// image, and the mean over positions.
public struct ResNet18: TrainableModel {
  /// The sizes.
  public let configuration: ResNetConfiguration
  /// The trained weights, named as torchvision's are.
  public let parameters: [Parameter]
  /// The running means and variances.
  public let buffers: [Parameter]
  private let stem: ConvolutionLayer
  private let norm: BatchNormLayer
  private let blocks: [ResidualBlock]
  private let head: DenseLayer

  /// A model with fresh weights.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ configuration: ResNetConfiguration, seed: UInt64, storage: DType = .f32, context: Context
  ) throws(DataError) {
    try configuration.validate()
    self.configuration = configuration
    var builder = ModelBuilder(context: context, seed: seed, storage: storage)
    let width = configuration.width
    stem = builder.within("conv1") {
      ConvolutionLayer(
        &$0, from: configuration.channels, to: width, kernel: [3, 3], padding: [1, 1], hasBias: false,
        weight: .kaimingNormal())
    }
    norm = builder.within("bn1") { BatchNormLayer(&$0, channels: width) }
    var blocks: [ResidualBlock] = []
    var channels = width
    for (stage, count) in configuration.blocks.enumerated() {
      for index in 0..<count {
        let inputs = channels
        channels = width << stage
        let stride = stage > 0 && index == 0 ? 2 : 1
        blocks.append(
          builder.within("layer\(stage + 1)") { [channels] builder in
            builder.within("\(index)") { ResidualBlock(&$0, from: inputs, to: channels, stride: stride) }
          })
      }
    }
    self.blocks = blocks
    head = builder.within("fc") { [channels] in DenseLayer(&$0, from: channels, to: configuration.classes) }
    (parameters, buffers) = (builder.parameters, builder.buffers)
  }

  /// Images [B, C, H, W] → logits [B, classes].
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func logits(_ images: Tensor, _ pass: Pass) throws(DataError) -> Tensor {
    guard
      images.shape.rank == 4, images.shape[1] == configuration.channels, images.dtype == .f32, images.shape[2] > 0,
      images.shape[3] > 0
    else {
      throw .mismatch(
        field: "images", found: "\(images.dtype.displayName) \(images.shape)",
        expected: "F32 [B, \(configuration.channels), H, W]")
    }
    let context = pass.context
    var x = norm(stem(images, pass), pass, isRectified: true)
    for block in blocks { x = block(x, pass) }
    let positions = x.shape[2] * x.shape[3]
    let pooled = context.mean(context.contiguous(x).reshaped([x.shape[0], x.shape[1], positions]), axis: 2)
    return head(pooled, pass)
  }

  /// The mean cross-entropy.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func loss(of batch: ImageBatch, _ pass: Pass) throws -> Tensor {
    let targets = try Classification.targets(batch.labels, classes: configuration.classes, pass.context)
    return pass.context.crossEntropy(try logits(batch.images, pass), targets)
  }

  /// The number of images.
  public func targetCount(of batch: ImageBatch) -> Int { batch.labels.count }

  /// `loss` and `accuracy`, of the mirror images too where the configuration says so.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func measure(_ batch: ImageBatch, _ pass: Pass) throws -> [String: MetricSum] {
    let targets = try Classification.targets(batch.labels, classes: configuration.classes, pass.context)
    let own = try logits(batch.images, pass)
    guard configuration.judgesMirrored else { return Classification.measure(own, targets, pass.context) }
    let mirrored = try logits(ImageAugmentation.mirrored(batch.images, pass.context), pass)
    let mean = pass.context.multiply(pass.context.add(own, mirrored), 0.5)
    return Classification.measure(mean, targets, pass.context)
  }
}
