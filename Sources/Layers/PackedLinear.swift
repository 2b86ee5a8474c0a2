import Costs
import Tensors

/// A weight matrix packed for the kernels, used as its file has it.
public struct PackedLinear: LinearCore {
  /// The packed weights.
  public let matrix: PackedMatrix
  /// How products treat their input.
  public let precision: LinearPrecision

  /// A core over packed weights.
  public init(_ matrix: PackedMatrix, precision: LinearPrecision = .bytes) {
    self.matrix = matrix
    self.precision = precision
  }

  /// The length of an input row.
  public var inFeatures: Int { matrix.inFeatures }
  /// The length of an output row.
  public var outFeatures: Int { matrix.outFeatures }
  /// The bytes that a product reads of the weights.
  public var byteCount: Int { matrix.byteCount }

  /// x Wᵀ, [rows, outFeatures].
  public func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor {
    context.linear(x, [matrix], precision: precision)[0]
  }

  /// y += x Wᵀ, in y's own storage.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    context.addLinear(x, matrix, to: y, precision: precision)
  }

  /// What the product with `rows` rows computes and moves at least.
  public func cost(rows: Int) -> OperationCost { matrix.cost(rows: rows) }
}
