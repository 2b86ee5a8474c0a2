import Costs
import Tensors

/// The feed-forward layer of two matrices: down(f(up x)).
public struct MLP: FeedForward {
  let up: any LinearCore
  let down: any LinearCore
  let activation: Activation

  /// A layer from its two matrices.
  ///
  /// - Precondition: down takes the output of up.
  public init(up: any LinearCore, down: any LinearCore, activation: Activation) {
    precondition(down.inFeatures == up.outFeatures, "up gives \(up.outFeatures), down takes \(down.inFeatures)")
    self.up = up
    self.down = down
    self.activation = activation
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
  public func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> MLP {
    MLP(up: change(.up, up), down: change(.down, down), activation: activation)
  }

  private func hidden(_ x: LinearInput, _ context: Context) -> Tensor {
    context.within("up") {
      if let up = up as? PackedLinear, let function = activation.gate {
        return context.activatedLinear(x, up.matrix, bias: up.bias, function: function, precision: up.precision)
      }
      return activation(up(x, context), context)
    }
  }

  /// What `rows` rows compute and move at least.
  public func cost(rows: Int) -> OperationCost { up.cost(rows: rows) + down.cost(rows: rows) }
}
