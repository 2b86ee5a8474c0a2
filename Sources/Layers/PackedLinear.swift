import Costs
import Tensors

/// A weight matrix packed for the kernels, used as its file has it.
public struct PackedLinear: LinearCore {
  /// The packed weights.
  public let matrix: PackedMatrix
  /// Whether weights are decoded and everything is computed in f32, instead of with quantised activations.
  public let isExact: Bool

  /// A core over packed weights.
  public init(_ matrix: PackedMatrix, isExact: Bool = false) {
    self.matrix = matrix
    self.isExact = isExact
  }

  /// The length of an input row.
  public var inFeatures: Int { matrix.inFeatures }
  /// The length of an output row.
  public var outFeatures: Int { matrix.outFeatures }
  /// The bytes that a product reads of the weights.
  public var byteCount: Int { matrix.byteCount }

  /// x Wᵀ, [rows, outFeatures].
  public func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor {
    context.linear(x, [matrix], exact: isExact)[0]
  }

  /// y += x Wᵀ, in y's own storage.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    context.addLinear(x, matrix, to: y, exact: isExact)
  }

  /// What the product with `rows` rows computes and moves at least.
  public func cost(rows: Int) -> OperationCost { matrix.cost(rows: rows) }
}
