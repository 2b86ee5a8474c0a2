import NumericTypes
import Tensors

/// Attention and a feed-forward, each behind a norm and added to the stream.
struct GPTBlock: Sendable {
  enum FeedForward: Sendable {
    case plain(MLPLayer)
    case gated(GatedMLPLayer)
  }

  /// Its place in the model.
  let index: Int
  let attention: AttentionLayer
  let feedForward: FeedForward
  let norms: [NormLayer]
  private let dropouts: [DropoutLayer]

  init(_ builder: inout ModelBuilder, _ configuration: GPTConfiguration, index: Int) {
    let c = configuration
    self.index = index
    let inner = Initializer.normal(deviation: 0.02)
    // What every block adds to the stream, so that the sum does not grow with their number (Radford et al.: GPT-2, 2019).
    let outer = Initializer.normal(deviation: 0.02 / (2 * Double(c.layers)).squareRoot())
    let first = builder.within("norm1") { NormLayer(&$0, c.norm, width: c.width, epsilon: c.epsilon) }
    var rotation: AttentionLayer.Rotation?
    if case .rotary(let base) = c.positions { rotation = AttentionLayer.Rotation(base: base) }
    attention = builder.within("attention") {
      AttentionLayer(
        &$0, width: c.width, heads: c.heads, kvHeads: c.kvHeads, rotation: rotation, hasBias: c.hasBiases,
        weight: inner, output: outer, bias: .constant(0))
    }
    let second = builder.within("norm2") { NormLayer(&$0, c.norm, width: c.width, epsilon: c.epsilon) }
    norms = [first, second]
    feedForward = builder.within("mlp") { builder in
      switch c.feedForward {
      case .plain(let activation):
        .plain(
          MLPLayer(
            &builder, width: c.width, hidden: c.hidden, activation: activation, hasBias: c.hasBiases, up: inner,
            down: outer, bias: .constant(0)))
      case .gated:
        .gated(
          GatedMLPLayer(
            &builder, width: c.width, hidden: c.hidden, hasBias: c.hasBiases, up: inner, down: outer,
            bias: .constant(0)))
      }
    }
    dropouts = ["dropout1", "dropout2"].map { name in
      builder.within(name) { DropoutLayer(&$0, rate: c.dropout) }
    }
  }

  /// Rows [B · N, width] → the same shape.
  func callAsFunction(_ x: Tensor, _ places: TokenPlaces, _ pass: Pass) -> Tensor {
    pass.context.within(layer: index) { computed(x, places, pass) }
  }

  private func computed(_ x: Tensor, _ places: TokenPlaces, _ pass: Pass) -> Tensor {
    let context = pass.context
    func changed(_ output: Tensor, _ input: Tensor, _ sublayer: Sublayer) -> Tensor {
      pass.adapter?.changed(output, input: input, block: index, sublayer, pass) ?? output
    }
    let first = context.within("norm") { norms[0](x, pass) }
    let attended = attention(first, rows: places.rows, positions: places.positions, starts: places.starts, pass)
    let middle = context.within("residual") {
      context.add(x, dropouts[0](changed(attended, first, .attention), pass))
    }
    let normal = context.within("norm") { norms[1](middle, pass) }
    let fed =
      switch feedForward {
      case .plain(let layer): layer(normal, pass)
      case .gated(let layer): layer(normal, pass)
      }
    return context.within("residual") {
      context.add(middle, dropouts[1](changed(fed, normal, .feedForward), pass))
    }
  }
}
