/// Eigenvalues and eigenvectors of a small symmetric matrix by plane rotations, each of which makes one element zero (Jacobi, 1846).
package struct SymmetricEigen {
  /// Descending.
  package let values: [Double]
  /// The vectors as columns, in the order of the values, [size, size].
  package let vectors: [Double]

  /// Of a matrix [size, size], row by row.
  package init(_ matrix: [Double], size n: Int) {
    var a = matrix
    var v = [Double](repeating: 0, count: n * n)
    for i in 0..<n { v[i * n + i] = 1 }
    let whole = a.reduce(0) { $0 + $1 * $1 }
    for _ in 0..<60 {
      var off = 0.0
      for p in 0..<n { for q in p + 1..<max(n, p + 1) { off += a[p * n + q] * a[p * n + q] } }
      if !(off > 1e-28 * whole) { break }
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 { Self.rotate(&a, &v, p, q, n) }
      }
    }
    let order = (0..<n).sorted { (a[$0 * n + $0], $1) > (a[$1 * n + $1], $0) }
    values = order.map { a[$0 * n + $0] }
    var sorted = v
    for (column, from) in order.enumerated() { for row in 0..<n { sorted[row * n + column] = v[row * n + from] } }
    vectors = sorted
  }

  /// Turns rows and columns p and q so that the element between them is zero.
  private static func rotate(_ a: inout [Double], _ v: inout [Double], _ p: Int, _ q: Int, _ n: Int) {
    let ratio = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
    let t = (ratio < 0 ? -1 : 1) / (abs(ratio) + (ratio * ratio + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    let s = t * c
    for k in 0..<n {
      let (x, y) = (a[k * n + p], a[k * n + q])
      a[k * n + p] = c * x - s * y
      a[k * n + q] = s * x + c * y
    }
    for k in 0..<n {
      let (x, y) = (a[p * n + k], a[q * n + k])
      a[p * n + k] = c * x - s * y
      a[q * n + k] = s * x + c * y
    }
    for k in 0..<n {
      let (x, y) = (v[k * n + p], v[k * n + q])
      v[k * n + p] = c * x - s * y
      v[k * n + q] = s * x + c * y
    }
  }
}
