import Tensors

/// A + ridge · I = L Lᵀ of a symmetric matrix, in Double, row by row.
struct Cholesky {
  private let size: Int
  /// L below the diagonal and on it, [size, size].
  private var lower: [Double]

  /// The factor; nothing where the matrix is not positive definite as far as rounding shows.
  init?(_ matrix: [Double], size: Int, ridge: Double, context: Context) {
    self.size = size
    lower = matrix
    for i in 0..<size { lower[i * size + i] += ridge }
    let isWhole = lower.withUnsafeMutableBufferPointer { buffer -> Bool in
      guard let l = buffer.baseAddress else { return true }
      // A column at a time: the elements below the diagonal do not depend on each other.
      nonisolated(unsafe) let elements = l
      for j in 0..<size {
        let row = elements + j * size
        let first = row[j]
        let rest = first - Self.dot(row, row, j)
        guard rest > 1e-14 * first else { return false }
        let diagonal = rest.squareRoot()
        row[j] = diagonal
        let below = size - j - 1
        let items = context.workers.items(below, grain: max(1, 16384 / max(1, j)))
        let each = (below + items - 1) / max(1, items)
        if below == 0 { continue }
        context.workers.run((below + each - 1) / each) { item, _ in
          for i in j + 1 + item * each..<min(size, j + 1 + (item + 1) * each) {
            let other = elements + i * size
            other[j] = (other[j] - Self.dot(other, row, j)) / diagonal
          }
        }
      }
      return true
    }
    if !isWhole { return nil }
  }

  /// X of A X = B, both [size, outputs].
  func solve(_ right: [Double], outputs: Int) -> [Double] {
    var x = right
    for i in 0..<size {
      for k in 0..<i {
        let factor = lower[i * size + k]
        for o in 0..<outputs { x[i * outputs + o] -= factor * x[k * outputs + o] }
      }
      for o in 0..<outputs { x[i * outputs + o] /= lower[i * size + i] }
    }
    for i in (0..<size).reversed() {
      for o in 0..<outputs { x[i * outputs + o] /= lower[i * size + i] }
      for k in 0..<i {
        let factor = lower[i * size + k]
        for o in 0..<outputs { x[k * outputs + o] -= factor * x[i * outputs + o] }
      }
    }
    return x
  }

  /// Σ a b over the first `count`, in an order that depends on the count alone.
  static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var (first, second) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    var at = 0
    let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
    while at + 16 <= count {
      first +=
        x.loadUnaligned(fromByteOffset: 8 * at, as: SIMD8<Double>.self)
        * y.loadUnaligned(fromByteOffset: 8 * at, as: SIMD8<Double>.self)
      second +=
        x.loadUnaligned(fromByteOffset: 8 * at + 64, as: SIMD8<Double>.self)
        * y.loadUnaligned(fromByteOffset: 8 * at + 64, as: SIMD8<Double>.self)
      at += 16
    }
    var sum = (first + second).sum()
    while at < count {
      sum += a[at] * b[at]
      at += 1
    }
    return sum
  }
}
