import Numerics
import Tensors

/// Our own side of a matrix benchmark.
final class MatrixContestant {
  private let context: Context
  private let a: Tensor
  private let weights: Tensor
  private let packed: PackedMatrix

  /// - Throws: `TensorError`.
  init(_ product: MatrixProduct, context: Context) throws {
    self.context = context
    a = context.empty([product.m, product.k])
    weights = context.empty([product.n, product.k])
    var random = Random(seed: 1)
    for tensor in [a, weights] {
      let values = tensor.pointer(as: Float.self)
      for index in 0..<tensor.count { values[index] = Float(random.uniform() * 2 - 1) }
    }
    packed = try PackedMatrix(packing: weights, context: context)
  }

  /// The seconds of one product, the mean of `repeats` in a row.
  func turn(packed isPacked: Bool, repeats: Int) -> Double {
    TimingProtocol.time {
      for _ in 0..<repeats {
        // Packing was tried once above with the same shape, so only a loss of memory could stop it now.
        guard let matrix = isPacked ? packed : try? PackedMatrix(packing: weights, context: context) else { continue }
        _ = context.linear(LinearInput(a), [matrix], exact: true)
      }
    } / Double(repeats)
  }
}
