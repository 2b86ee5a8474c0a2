import Costs
import Tensors

/// The gated feed-forward layer: down(f(gate x) · up x) (Shazeer: GLU variants improve transformer, 2020).
public struct GatedMLP: FeedForward {
  let gate: any LinearCore
  let up: any LinearCore
  let down: any LinearCore
  let function: GateFunction

  /// A layer from its three matrices.
  ///
  /// - Precondition: gate and up have one shape, and down takes their output.
  public init(gate: any LinearCore, up: any LinearCore, down: any LinearCore, function: GateFunction = .silu) {
    precondition(
      gate.outFeatures == up.outFeatures && gate.inFeatures == up.inFeatures && down.inFeatures == gate.outFeatures,
      "gate \(gate.outFeatures)×\(gate.inFeatures), up \(up.outFeatures)×\(up.inFeatures), down takes \(down.inFeatures)"
    )
    self.gate = gate
    self.up = up
    self.down = down
    self.function = function
  }

  /// MLP(x), [rows, width].
  public func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor {
    let hidden = hidden(x, context)
    return context.within("down") { down(LinearInput(hidden), context) }
  }

  /// y += MLP(x): the residual connection is part of the product.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    let hidden = hidden(x, context)
    context.within("down") { down.add(LinearInput(hidden), to: y, context) }
  }

  /// The layer with other cores for its matrices.
  public func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> GatedMLP {
    GatedMLP(gate: change(.gate, gate), up: change(.up, up), down: change(.down, down), function: function)
  }

  private func hidden(_ x: LinearInput, _ context: Context) -> Tensor {
    context.within("gate,up") {
      if let gate = gate as? PackedLinear, let up = up as? PackedLinear, gate.precision == up.precision {
        return context.gatedLinear(
          x, gate: gate.matrix, up: up.matrix, function: function, gateBias: gate.bias, upBias: up.bias,
          precision: gate.precision)
      }
      let parts = together([gate, up], x, context)
      return switch function {
      case .silu: context.siluMultiply(parts[0], parts[1])
      case .gelu: context.geluMultiply(parts[0], parts[1])
      case .geluTanh: context.geluTanhMultiply(parts[0], parts[1])
      }
    }
  }

  /// What `rows` rows compute and move at least.
  public func cost(rows: Int) -> OperationCost { gate.cost(rows: rows) + up.cost(rows: rows) + down.cost(rows: rows) }
}
