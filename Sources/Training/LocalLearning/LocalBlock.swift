import NumericTypes
import Tensors

/// A layer of a ``LocalNetwork``: linear or convolutional, its activation, and pooling.
struct LocalBlock: Sendable, Hashable {
  private enum Kind: Hashable {
    case dense(DenseLayer)
    case convolution(ConvolutionLayer, BatchNormLayer?)
  }

  private let kind: Kind
  private let activation: Activation
  /// The shape of an output, without the batch.
  let output: [Int]

  /// The layer's weights under the builder's scope; with a momentum its outputs are normalised by channel.
  init(
    _ builder: inout ModelBuilder, _ block: LocalNetworkConfiguration.Block, from input: [Int], to output: [Int],
    _ activation: Activation, momentum: Double?
  ) {
    self.activation = activation
    self.output = output
    // Rectifiers keep the size of what they are given with these.
    let initial = activation == .relu ? Initializer.kaimingNormal() : .fanIn
    switch block {
    case .dense(let width):
      kind = .dense(DenseLayer(&builder, from: input.reduce(1, *), to: width, weight: initial, bias: .constant(0)))
    case .convolution(let channels):
      let layer = ConvolutionLayer(
        &builder, from: input[0], to: channels, kernel: [3, 3], padding: [1, 1], weight: initial)
      let norm = momentum.map { momentum in
        builder.within("norm") { BatchNormLayer(&$0, channels: channels, momentum: momentum) }
      }
      kind = .convolution(layer, norm)
    }
  }

  /// Images [B, C, H, W] or rows [B, n] → the output, [B, output…].
  func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    switch kind {
    case .dense(let layer): return activation(layer(Self.rows(x, context), pass), context)
    case .convolution(let layer, let norm):
      let y = activation(layer(x, pass), context)
      let window = Self.window(y.shape)
      let shape = y.shape.dimensions
      let volume = context.contiguous(y).reshaped(Shape([shape[0], shape[1], 1, shape[2], shape[3]]))
      let pooled = context.maxPool(volume, window: window, outputs: [1, output[1], output[2]])
        .reshaped(Shape([shape[0]] + output))
      return norm?(pooled, pass) ?? pooled
    }
  }

  /// What Mono-Forward projects: rows [B, n] as they are, of images the mean of each channel, [B, C].
  func projected(_ y: Tensor, _ context: Context) -> Tensor {
    guard y.shape.rank == 4 else { return y }
    return context.mean(context.contiguous(y).reshaped([y.shape[0], y.shape[1], y.shape[2] * y.shape[3]]), axis: 2)
  }

  /// The width of what is projected.
  var projectedWidth: Int { output[0] }

  /// [B, …] → [B, n].
  static func rows(_ x: Tensor, _ context: Context) -> Tensor {
    x.shape.rank == 2 ? x : context.contiguous(x).reshaped([x.shape[0], x.shape.dimensions.dropFirst().reduce(1, *)])
  }

  private static func window(_ shape: Shape) -> Window {
    var window = Window(kernel: [1, shape[2] > 1 ? 2 : 1, shape[3] > 1 ? 2 : 1])
    window.strides = window.kernel
    return window
  }
}
