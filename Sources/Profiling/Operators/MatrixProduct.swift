import Formats
import Tensors

/// A product of f32 matrices: C[M, N] = A[M, K] · B.
public struct MatrixProduct: OperatorCase, Equatable {
  /// Rows.
  public var m: Int
  /// Columns.
  public var n: Int
  /// The inner extent.
  public var k: Int
  /// Whether B lies as [N, K], a linear layer's weights, else as [K, N].
  public var transposed: Bool

  /// A product.
  public init(m: Int, n: Int, k: Int, transposed: Bool) {
    self.m = m
    self.n = n
    self.k = k
    self.transposed = transposed
  }

  /// `8x1536x576`, and `^T` where B is transposed: M, N, K.
  public var name: String { "\(m)x\(n)x\(k)" + (transposed ? "^T" : "") }
  /// A multiply and an add for each of the three extents.
  public var work: Double { 2e-9 * Double(m) * Double(n) * Double(k) }
  /// As peers are asked for it.
  public var request: [JSON.Member] {
    [
      JSON.Member("op", "gemm"), JSON.Member("m", .integer(m)), JSON.Member("n", .integer(n)),
      JSON.Member("k", .integer(k)), JSON.Member("transposed", .bool(transposed)),
    ]
  }

  /// Products with so many threads.
  public func task(threads: Int) -> PeerCatalogue.Task? { .gemm(threads: threads) }

  /// Our own side.
  public func contestant(_ context: Context) -> any OperatorContestant { MatrixContestant(self, context: context) }
}
