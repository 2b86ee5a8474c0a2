import Costs
import Tensors

/// The gated feed-forward layer: down(silu(gate x) · up x) (Shazeer: GLU variants improve transformer, 2020).
public struct GatedMLP: Sendable {
  let gate: any LinearCore
  let up: any LinearCore
  let down: any LinearCore

  /// A layer from its three matrices.
  ///
  /// - Precondition: gate and up have one shape, and down takes their output.
  public init(gate: any LinearCore, up: any LinearCore, down: any LinearCore) {
    precondition(
      gate.outFeatures == up.outFeatures && gate.inFeatures == up.inFeatures && down.inFeatures == gate.outFeatures,
      "gate \(gate.outFeatures)×\(gate.inFeatures), up \(up.outFeatures)×\(up.inFeatures), down takes \(down.inFeatures)"
    )
    self.gate = gate
    self.up = up
    self.down = down
  }

  /// y += MLP(x): the residual connection is part of the product.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    let hidden = context.within("gate,up") {
      if let gate = gate as? PackedLinear, let up = up as? PackedLinear, gate.precision == up.precision {
        return context.gatedLinear(x, gate: gate.matrix, up: up.matrix, precision: gate.precision)
      }
      return context.siluMultiply(gate(x, context), up(x, context))
    }
    context.within("down") { down.add(LinearInput(hidden), to: y, context) }
  }

  /// What `rows` rows compute and move at least.
  public func cost(rows: Int) -> OperationCost { gate.cost(rows: rows) + up.cost(rows: rows) + down.cost(rows: rows) }
}
