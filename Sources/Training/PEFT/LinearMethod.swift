import NumericTypes
import Tensors

/// What an adapter makes of one linear layer whose weight is frozen.
///
/// Methods that stand for another weight see x Wᵀ before the bias, methods that change what comes out see it behind; of each
/// kind several are run in the order of the configuration.
protocol LinearMethod: Sendable {
  /// Whether the method is another weight, not a change of the output.
  var isWeight: Bool { get }

  /// What the layer reads in the place of rows x [N, inputs].
  func input(_ x: Tensor, _ pass: Pass) -> Tensor

  /// What becomes of rows y [N, outputs], made of rows x by the frozen weight.
  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor

  /// The weight, and the bias, of a plain layer that does the same.
  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear

  /// The layer that ``merged(_:_:)`` was given; of the frozen weight no more is used than its rows' norms.
  ///
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)`` where a factor is 0.
  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) throws(TrainingError) -> PlainLinear
}

extension LinearMethod {
  func input(_ x: Tensor, _ pass: Pass) -> Tensor { x }
}

/// The factors, none of which is 0.
func invertible(_ factors: Tensor, _ field: String) throws(TrainingError) -> Tensor {
  let values = UnsafeBufferPointer(start: factors.pointer(as: Float.self), count: factors.count)
  if let wrong = withExtendedLifetime(factors, { values.first { $0 == 0 || !$0.isFinite } }) {
    throw .invalidOption(field: field, value: "\(wrong)", expected: "a factor that can be taken back")
  }
  return factors
}

extension Tensor {
  /// A vector as a column.
  var column: Tensor { reshaped([count, 1]) }
}

/// A layer's weight [outputs, inputs] and bias [outputs], f32.
struct PlainLinear {
  var weight: Tensor
  var bias: Tensor
}

/// Rows of a frozen weight.
struct FrozenRows {
  let matrix: FrozenMatrix
  let rows: Range<Int>

  /// The rows, [outputs, inputs].
  func values(_ context: Context) -> Tensor { matrix.values(context).sliced(axis: 0, rows) }
}

/// A weight that is not trained.
enum FrozenMatrix: Sendable {
  /// [outputs, inputs], f32 or bf16.
  case dense(Tensor)
  /// In 4 bits.
  case packed(NF4Matrix)

  /// x Wᵀ.
  func product(_ x: Tensor, _ context: Context) -> Tensor {
    switch self {
    case .dense(let weight): context.matmul(x, weight.transposed())
    case .packed(let matrix): matrix.product(x, context)
    }
  }

  /// W.
  func values(_ context: Context) -> Tensor {
    switch self {
    case .dense(let weight): context.cast(weight, to: .f32)
    case .packed(let matrix): matrix.values(context)
    }
  }
}
