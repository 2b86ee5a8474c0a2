import NumericTypes
import Tensors

/// Up σ(Down x) beside a sublayer: of what it made, added to it (Houlsby et al.: Parameter-efficient transfer learning for NLP,
/// 2019), or of what it read, scaled (He et al.: Towards a unified view of parameter-efficient transfer learning, 2022).
/// Up is zero at first.
struct BottleneckMethod: Sendable {
  let down: DenseLayer
  let up: DenseLayer
  let activation: Activation
  /// Whether x is what the sublayer read.
  let isParallel: Bool
  let scale: Double

  /// The layers `down` and `up`, with biases.
  init(
    _ builder: inout ModelBuilder, width: Int, inner: Int, activation: Activation, isParallel: Bool, scale: Double
  ) {
    down = builder.within("down") { DenseLayer(&$0, from: width, to: inner) }
    up = builder.within("up") { DenseLayer(&$0, from: inner, to: width, weight: .constant(0), bias: .constant(0)) }
    self.activation = activation
    self.isParallel = isParallel
    self.scale = scale
  }

  func changed(_ output: Tensor, input: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let inner = activation(down(isParallel ? input : output, pass), context)
    let added = up(scale == 1 ? inner : context.multiply(inner, scale), pass)
    return context.add(output, added)
  }
}
