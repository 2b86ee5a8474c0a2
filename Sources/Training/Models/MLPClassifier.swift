import NumericTypes
import Tensors

/// Linear layers with a function between them, over images or other rows of numbers.
public struct MLPClassifier: TrainableModel {
  /// The sizes.
  public let configuration: MLPConfiguration
  /// The trained weights.
  public let parameters: [Parameter]
  /// None.
  public let buffers: [Parameter]
  private let layers: [DenseLayer]
  private let dropouts: [DropoutLayer]

  /// A model with fresh weights `layers.0.weight`, `layers.0.bias` and so on.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ configuration: MLPConfiguration, seed: UInt64, storage: DType = .f32, context: Context
  ) throws(DataError) {
    try configuration.validate()
    self.configuration = configuration
    var builder = ModelBuilder(context: context, seed: seed, storage: storage)
    let widths = [configuration.inputs] + configuration.hidden + [configuration.classes]
    var (layers, dropouts): ([DenseLayer], [DropoutLayer]) = ([], [])
    for (index, (inputs, outputs)) in zip(widths, widths.dropFirst()).enumerated() {
      builder.within("layers.\(index)") {
        layers.append(DenseLayer(&$0, from: inputs, to: outputs))
        dropouts.append(DropoutLayer(&$0, rate: configuration.dropout))
      }
    }
    (self.layers, self.dropouts) = (layers, dropouts)
    (parameters, buffers) = (builder.parameters, builder.buffers)
  }

  /// Images [B, …] → logits [B, classes].
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func logits(_ images: Tensor, _ pass: Pass) throws(DataError) -> Tensor {
    let row = images.shape.dimensions.dropFirst().reduce(1, *)
    guard row == configuration.inputs, images.dtype == .f32 else {
      throw .mismatch(
        field: "images", found: "\(images.dtype.displayName) \(images.shape)",
        expected: "F32, \(configuration.inputs) for each")
    }
    var x = pass.context.contiguous(images).reshaped([images.shape[0], row])
    for (index, layer) in layers.enumerated() {
      x = layer(x, pass)
      if index < layers.count - 1 { x = dropouts[index](configuration.activation(x, pass.context), pass) }
    }
    return x
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

  /// `loss` and `accuracy`.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func measure(_ batch: ImageBatch, _ pass: Pass) throws -> [String: MetricSum] {
    let targets = try Classification.targets(batch.labels, classes: configuration.classes, pass.context)
    return Classification.measure(try logits(batch.images, pass), targets, pass.context)
  }
}
