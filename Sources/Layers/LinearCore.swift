import Costs
import Tensors

/// A weight matrix as a layer sees it, however its numbers are stored: dense, quantised, adapted, sparse or streamed.
///
/// The law of every core: a row's result does not depend on the other rows of the call.
public protocol LinearCore: Sendable {
  /// The length of an input row.
  var inFeatures: Int { get }
  /// The length of an output row.
  var outFeatures: Int { get }
  /// The bytes that a product reads of the weights.
  var byteCount: Int { get }
  /// x Wᵀ, [rows, outFeatures].
  func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor
  /// y += x Wᵀ, in y's own storage.
  func add(_ x: LinearInput, to y: Tensor, _ context: Context)
  /// What the product with `rows` rows computes and moves at least.
  func cost(rows: Int) -> OperationCost
}

/// The products of the same rows with several matrices, in one fork when their cores allow it.
public func together(_ cores: [any LinearCore], _ x: LinearInput, _ context: Context) -> [Tensor] {
  let adapted = cores.compactMap { $0 as? AdaptedLinear }
  if !cores.isEmpty, adapted.count == cores.count, cores.count <= 4 {
    return AdaptedLinear.together(adapted, x, context)
  }
  let packed = cores.compactMap { $0 as? PackedLinear }
  guard packed.count == cores.count, packed.count <= 4, let precision = packed.first?.precision,
    packed.allSatisfy({ $0.precision == precision })
  else {
    return cores.map { $0(x, context) }
  }
  return context.linear(x, packed.map(\.matrix), biases: packed.map(\.bias), precision: precision)
}
