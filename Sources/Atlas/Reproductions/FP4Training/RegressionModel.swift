import NumericTypes
import Tensors
import Training

/// Rows of numbers and one number for each that is to be foretold.
struct RegressionBatch: Sendable {
  /// [B, columns].
  let rows: Tensor
  /// [B, 1].
  let targets: Tensor
}

/// Linear layers with a GELU between them whose mean squared error is the loss.
struct RegressionModel: TrainableModel {
  let parameters: [Parameter]
  let buffers: [Parameter] = []
  private let layers: [DenseLayer]

  init(inputs: Int, hidden: [Int], seed: UInt64, _ context: Context) {
    var builder = ModelBuilder(context: context, seed: seed)
    let widths = [inputs] + hidden + [1]
    layers = zip(widths, widths.dropFirst()).enumerated().map { index, pair in
      builder.within("layers.\(index)") { DenseLayer(&$0, from: pair.0, to: pair.1) }
    }
    parameters = builder.parameters
  }

  private func error(_ batch: RegressionBatch, _ pass: Pass) -> Tensor {
    var x = batch.rows
    for (index, layer) in layers.enumerated() {
      x = layer(x, pass)
      if index < layers.count - 1 { x = pass.context.gelu(x) }
    }
    return pass.context.mean(pass.context.square(pass.context.subtract(x, batch.targets)))
  }

  func loss(of batch: RegressionBatch, _ pass: Pass) -> Tensor { error(batch, pass) }

  func targetCount(of batch: RegressionBatch) -> Int { batch.rows.shape[0] }

  func measure(_ batch: RegressionBatch, _ pass: Pass) -> [String: MetricSum] {
    let value = error(batch, pass).detached()
    let mean = withExtendedLifetime(value) { Double(value.pointer(as: Float.self)[0]) }
    return ["loss": MetricSum(sum: mean * Double(targetCount(of: batch)), count: targetCount(of: batch))]
  }
}
