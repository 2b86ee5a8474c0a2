import NumericTypes
import Tensors

/// (f(x Gᵀ) · x Uᵀ) Dᵀ (Shazeer: GLU variants improve transformer, 2020).
public struct GatedMLPLayer: Sendable, Hashable {
  /// G, [hidden, width].
  public let gate: DenseLayer
  /// U, [hidden, width].
  public let up: DenseLayer
  /// D, [width, hidden].
  public let down: DenseLayer
  /// f.
  public let function: GateFunction

  /// The layers `gate`, `up` and `down`.
  public init(
    _ builder: inout ModelBuilder, width: Int, hidden: Int, function: GateFunction = .silu, hasBias: Bool = false,
    up initializer: Initializer = .fanIn, down outInitializer: Initializer = .fanIn, bias: Initializer? = nil
  ) {
    self.function = function
    func layer(_ name: String, _ inputs: Int, _ outputs: Int, _ initializer: Initializer) -> DenseLayer {
      builder.within(name) {
        DenseLayer(&$0, from: inputs, to: outputs, hasBias: hasBias, weight: initializer, bias: bias)
      }
    }
    gate = layer("gate", width, hidden, initializer)
    up = layer("up", width, hidden, initializer)
    down = layer("down", hidden, width, outInitializer)
  }

  /// [.., width] → the same shape.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let gate = context.within("gate") { self.gate(x, pass) }
    let up = context.within("up") { self.up(x, pass) }
    let gated = context.within("activation") {
      switch function {
      case .silu: context.siluMultiply(gate, up)
      case .gelu: context.geluMultiply(gate, up)
      case .geluTanh: context.geluTanhMultiply(gate, up)
      }
    }
    return context.within("down") { down(gated, pass) }
  }
}
