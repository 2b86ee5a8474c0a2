import NumericTypes
import Tensors

/// The workloads' model of rows and images: convolutions, linear layers, perhaps layer norms between, and a head of classes or
/// of one number.
struct TableNetwork: TrainableModel {
  /// Rows with their targets.
  struct Batch: Sendable {
    /// [B, n]
    let values: Tensor
    /// Classes, or numbers.
    let targets: [Double]
  }

  let parameters: [Parameter]
  let buffers: [Parameter]
  private let input: [Int]
  private let classes: Int?
  private let activation: Activation
  private let stem: [LocalBlock]
  private let layers: [DenseLayer]
  private let norms: [LayerNormLayer]
  private let head: DenseLayer

  /// - Parameters:
  ///   - input: the shape of a row: [n], or [C, H, W] with convolutions.
  ///   - convolutions: the channels of each.
  ///   - hidden: the widths of the linear layers.
  ///   - classes: nothing for a number.
  init(
    input: [Int], convolutions: [Int] = [], hidden: [Int], classes: Int?, variant: WorkloadVariant?, seed: UInt64,
    context: Context
  ) {
    self.input = input
    self.classes = classes
    activation = variant == .activation ? .tanh : .relu
    let halves = variant == .width
    var builder = ModelBuilder(context: context, seed: seed)
    var (shape, stem, layers, norms): ([Int], [LocalBlock], [DenseLayer], [LayerNormLayer]) = (input, [], [], [])
    for (index, channels) in convolutions.enumerated() {
      let channels = halves ? max(1, channels / 2) : channels
      let output = [
        channels, LocalNetworkConfiguration.pooled(shape[1]), LocalNetworkConfiguration.pooled(shape[2]),
      ]
      stem.append(
        builder.within("stem.\(index)") { [activation] in
          LocalBlock(&$0, .convolution(channels), from: shape, to: output, activation, momentum: nil)
        })
      shape = output
    }
    var width = shape.reduce(1, *)
    for (index, hidden) in hidden.enumerated() {
      let hidden = halves ? max(1, hidden / 2) : hidden
      builder.within("layers.\(index)") { builder in
        layers.append(DenseLayer(&builder, from: width, to: hidden))
        if variant == .norm { builder.within("norm") { norms.append(LayerNormLayer(&$0, width: hidden)) } }
      }
      width = hidden
    }
    head = builder.within("head") { DenseLayer(&$0, from: width, to: classes ?? 1) }
    (self.stem, self.layers, self.norms) = (stem, layers, norms)
    (parameters, buffers) = (builder.parameters, builder.buffers)
    if variant == .initial {
      for parameter in parameters where parameter.value.shape.rank > 1 { context.scale(parameter.value, by: 0.5) }
    }
  }

  /// Rows [B, n] → scores [B, classes], or numbers [B, 1].
  private func outputs(_ batch: Batch, _ pass: Pass) -> Tensor {
    let context = pass.context
    var x = batch.values.reshaped(Shape([batch.values.shape[0]] + input))
    for block in stem { x = block(x, pass) }
    x = LocalBlock.rows(x, context)
    for (index, layer) in layers.enumerated() {
      x = layer(x, pass)
      if !norms.isEmpty { x = norms[index](x, pass) }
      x = activation(x, context)
    }
    return head(x, pass)
  }

  private func squared(_ outputs: Tensor, _ batch: Batch, _ context: Context) -> Tensor {
    let targets = context.tensor(batch.targets.map { Float($0) }, [batch.targets.count, 1])
    return context.mean(context.square(context.subtract(outputs, targets)))
  }

  func loss(of batch: Batch, _ pass: Pass) throws -> Tensor {
    let outputs = outputs(batch, pass)
    guard let classes else { return squared(outputs, batch, pass.context) }
    return pass.context.crossEntropy(
      outputs, try Classification.targets(batch.targets.map { Int($0) }, classes: classes, pass.context))
  }

  func targetCount(of batch: Batch) -> Int { batch.targets.count }

  /// `loss`, and of classes `accuracy`.
  func measure(_ batch: Batch, _ pass: Pass) throws -> [String: MetricSum] {
    let outputs = outputs(batch, pass)
    guard let classes else {
      let loss = pass.context.scalar(squared(outputs, batch, pass.context))
      return ["loss": MetricSum(sum: loss * Double(batch.targets.count), count: batch.targets.count)]
    }
    let targets = try Classification.targets(batch.targets.map { Int($0) }, classes: classes, pass.context)
    return Classification.measure(outputs, targets, pass.context)
  }

  /// Rows of a table as a batch.
  static func batch(_ rows: [NumberTable.Row], _ context: Context) -> Batch {
    let width = rows.first?.values.count ?? 0
    return Batch(
      values: context.tensor(rows.flatMap { $0.values.map { Float($0) } }, [rows.count, width]),
      targets: rows.map(\.target))
  }
}
