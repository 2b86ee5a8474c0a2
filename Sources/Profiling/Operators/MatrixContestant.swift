import NumericTypes
import Tensors

/// Our own side of a matrix benchmark.
///
/// `ours` packs the weights inside the timed part, as the peers do; `oursPacked` has them packed ahead.
final class MatrixContestant: OperatorContestant {
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

  var variants: [Variant] {
    [("oursPacked", { repeats in self.time(repeats) { self.context.matmul(self.a, self.packed) } })]
  }

  func turn(repeats: Int) -> Double { time(repeats) { context.matmul(a, b) } }

  private func time(_ repeats: Int, _ product: () -> Tensor) -> Double {
    TimingProtocol.time { for _ in 0..<repeats { _ = product() } } / Double(repeats)
  }
}
