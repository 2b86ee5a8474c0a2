import Costs
import NumericTypes
import Tensors

/// A weight matrix packed for the kernels, used as its file has it, with a bias where it has one.
public struct PackedLinear: LinearCore {
  /// The packed weights.
  public let matrix: PackedMatrix
  /// What is added to a product, [outFeatures], f32.
  public let bias: Tensor?
  /// How products treat their input.
  public let precision: LinearPrecision

  /// A core over packed weights.
  ///
  /// - Precondition: a bias is f32, contiguous and of the output's length.
  public init(_ matrix: PackedMatrix, bias: Tensor? = nil, precision: LinearPrecision = .bytes) {
    precondition(
      bias.map { $0.dtype == .f32 && $0.isContiguous && $0.shape == [matrix.outFeatures] } ?? true,
      "a bias of \(bias?.shape ?? []) for \(matrix.outFeatures) outputs")
    self.matrix = matrix
    self.bias = bias
    self.precision = precision
  }

  /// The length of an input row.
  public var inFeatures: Int { matrix.inFeatures }
  /// The length of an output row.
  public var outFeatures: Int { matrix.outFeatures }
  /// The bytes that a product reads of the weights.
  public var byteCount: Int { matrix.byteCount }

  /// x Wᵀ (+ b), [rows, outFeatures].
  public func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor {
    context.linear(x, [matrix], biases: [bias], precision: precision)[0]
  }

  /// y += x Wᵀ (+ b), in y's own storage.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    context.addLinear(x, matrix, bias: bias, to: y, precision: precision)
  }

  /// What the product with `rows` rows computes and moves at least.
  public func cost(rows: Int) -> OperationCost { matrix.cost(rows: rows) }
}
