import NumericTypes
import Tensors

/// A layer out, a function, and a layer back.
public struct MLPLayer: Sendable, Hashable {
  /// [hidden, width].
  public let up: DenseLayer
  /// [width, hidden].
  public let down: DenseLayer
  /// The function between them.
  public let activation: Activation

  /// The layers `up` and `down`.
  public init(
    _ builder: inout ModelBuilder, width: Int, hidden: Int, activation: Activation, hasBias: Bool = true,
    up initializer: Initializer = .fanIn, down outInitializer: Initializer = .fanIn, bias: Initializer? = nil
  ) {
    self.activation = activation
    up = builder.within("up") {
      DenseLayer(&$0, from: width, to: hidden, hasBias: hasBias, weight: initializer, bias: bias)
    }
    down = builder.within("down") {
      DenseLayer(&$0, from: hidden, to: width, hasBias: hasBias, weight: outInitializer, bias: bias)
    }
  }

  /// [.., width] → the same shape.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let up = context.within("up") { self.up(x, pass) }
    let made = context.within("activation") { activation(up, context) }
    return context.within("down") { down(made, pass) }
  }
}
