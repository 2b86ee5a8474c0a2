import Numerics
import Tensors

/// Our own side of a matrix benchmark.
final class MatrixContestant {
  private let context: Context
  private let a: Tensor
  /// [K, N], as a view of [N, K] where the product is with a transposed matrix.
  private let b: Tensor
  private let packed: PackedPanels

  init(_ product: MatrixProduct, context: Context) {
    self.context = context
    a = context.empty([product.m, product.k])
    let weights = context.empty(product.transposed ? [product.n, product.k] : [product.k, product.n])
    var random = Random(seed: 1)
    for tensor in [a, weights] {
      let values = tensor.pointer(as: Float.self)
      for index in 0..<tensor.count { values[index] = Float(random.uniform() * 2 - 1) }
    }
    b = product.transposed ? weights.transposed() : weights
    packed = context.packPanels(b)
  }

  /// The seconds of one product, the mean of `repeats` in a row.
  func turn(packed isPacked: Bool, repeats: Int) -> Double {
    TimingProtocol.time {
      for _ in 0..<repeats { _ = isPacked ? context.matmul(a, packed) : context.matmul(a, b) }
    } / Double(repeats)
  }
}
