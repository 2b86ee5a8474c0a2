import NumericTypes
import Tensors

/// The nearest product of rank r to a matrix M [m, n]: L R with L = U √Σ [m, r] and R = √Σ Vᵀ [r, n] of its r largest singular
/// values.
///
/// A subspace of r + 8 columns, random at first, is multiplied by M Mᵀ and made orthonormal until it holds no more of M
/// (Halko, Martinsson, Tropp: Finding structure with randomness, 2011); in it the singular vectors are those of a small matrix.
package struct LowRankFactors: Sendable {
  /// [m, r].
  package let left: Tensor
  /// [r, n].
  package let right: Tensor

  /// The factors of a matrix, f32.
  ///
  /// - Precondition: the rank is 1 to the smaller side.
  package init(of matrix: Tensor, rank: Int, _ context: Context) {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    let width = min(rank + 8, min(rows, columns))
    var random = Random(seed: 0x6C6F_6674)
    var basis = context.matmul(matrix, context.normal([columns, width], deviation: 1, random: &random))
    var (images, held) = (basis, 0.0)
    for _ in 0..<64 {
      basis = Self.orthonormal(basis, context)
      images = context.matmul(matrix.transposed(), basis)
      let now = context.scalar(context.sum(context.square(images)))
      if !(now > held * (1 + 1e-5)) { break }
      held = now
      basis = context.matmul(matrix, images)
    }
    let inner = SymmetricEigen(context.doubles(context.matmul(images.transposed(), images)), size: width)
    // The columns of the subspace turned to singular vectors, times what the square roots of the values ask for.
    var (toLeft, toRight) = ([Float](repeating: 0, count: width * rank), [Float](repeating: 0, count: width * rank))
    for column in 0..<rank {
      let value = max(0, inner.values[column]).squareRoot()
      let root = value.squareRoot()
      for row in 0..<width {
        let element = inner.vectors[row * width + column]
        toLeft[row * rank + column] = Float(element * root)
        toRight[row * rank + column] = root > 0 ? Float(element / root) : 0
      }
    }
    left = context.matmul(basis, context.tensor(toLeft, [width, rank]))
    right = context.contiguous(context.matmul(images, context.tensor(toRight, [width, rank])).transposed())
  }

  /// L R.
  package func product(_ context: Context) -> Tensor { context.matmul(left, right) }

  /// A basis of what the columns span: each less its part in those before it, twice, in f64. A column that is nothing but
  /// rounding becomes zero.
  private static func orthonormal(_ x: Tensor, _ context: Context) -> Tensor {
    let (rows, width) = (x.shape[0], x.shape[1])
    var columns = context.doubles(x.transposed())
    columns.withUnsafeMutableBufferPointer { columns in
      for column in 0..<width {
        let own = UnsafeMutableBufferPointer(rebasing: columns[column * rows..<(column + 1) * rows])
        let before = norm(own)
        for _ in 0..<2 {
          for other in 0..<column {
            let earlier = UnsafeMutableBufferPointer(rebasing: columns[other * rows..<(other + 1) * rows])
            var part = 0.0
            for row in 0..<rows { part += own[row] * earlier[row] }
            for row in 0..<rows { own[row] -= part * earlier[row] }
          }
        }
        let left = norm(own)
        let factor = left > 1e-12 * before && left > 0 ? 1 / left : 0
        for row in 0..<rows { own[row] *= factor }
      }
    }
    let result = context.empty([width, rows])
    let target = result.pointer(as: Float.self)
    for (index, value) in columns.enumerated() { target[index] = Float(value) }
    return context.contiguous(result.transposed())
  }

  private static func norm(_ x: UnsafeMutableBufferPointer<Double>) -> Double {
    x.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}

extension Context {
  /// The elements in f64, row by row.
  fileprivate func doubles(_ x: Tensor) -> [Double] {
    let wide = contiguous(cast(x, to: .f64))
    return withExtendedLifetime(wide) {
      Array(UnsafeBufferPointer(start: wide.pointer(as: Double.self), count: wide.count))
    }
  }
}
