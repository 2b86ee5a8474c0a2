import CVenturi

/// Inverse roots of symmetric positive definite matrices by products alone, in f64: the coupled Newton iteration
/// (Guo, Higham: A Schur–Newton method for the matrix p-th root and its inverse, 2006).
///
/// With z = (1 + p) / (2 ‖A‖): M = zA, H = z^(1/p) I; T = ((p + 1) I - M) / p, M ← TᵖM, H ← HT, until M = I; then
/// H = A^(-1/p). Small eigenvalues grow by about e in each turn, so it takes ln(condition) turns and a few more.
struct InverseRoot {
  /// p, 2 or 4.
  let order: Int
  /// n.
  let size: Int
  private var m: [Double]
  private var h: [Double]
  private var t: [Double]
  private var spare: [Double]

  init(order: Int, size: Int) {
    self.order = order
    self.size = size
    let zeros = [Double](repeating: 0, count: size * size)
    (m, h, t, spare) = (zeros, zeros, zeros, zeros)
  }

  /// Writes A^(-1/p) of the symmetric A = `a` + ridge · ‖a‖ · I, rounded to f32, with the row sums' bound as the norm; the
  /// identity where `a` is zero. Returns whether it came to an end: `root` is untouched where it did not, for numbers
  /// that are not finite, or matrices that aren't positive definite.
  mutating func compute(
    _ a: (_ row: Int, _ column: Int) -> Double, ridge: Double, to root: (_ index: Int, _ value: Float) -> Void
  ) -> Bool {
    let n = size
    var norm = 0.0
    for i in 0..<n {
      var sum = 0.0
      for j in 0..<n {
        m[i * n + j] = a(i, j)
        sum += abs(m[i * n + j])
      }
      if !(sum < .infinity) { return false }
      norm = max(norm, sum)
    }
    if norm == 0 {
      for i in 0..<n * n { root(i, i % (n + 1) == 0 ? 1 : 0) }
      return true
    }
    let p = Double(order)
    let z = (1 + p) / (2 * norm * (1 + ridge))
    let first = raised(z, 1 / p)
    for i in 0..<n {
      m[i * n + i] += ridge * norm
      for j in 0..<n { h[i * n + j] = i == j ? first : 0 }
    }
    for i in 0..<n * n { m[i] *= z }
    var error = distance()
    for _ in 0..<200 where error > 1e-12 {
      for i in 0..<n * n { t[i] = -m[i] / p }
      for i in 0..<n { t[i * n + i] += (p + 1) / p }
      let last = h
      Self.product(h, t, size, into: &spare)
      swap(&h, &spare)
      for _ in 0..<(order == 4 ? 2 : 1) {  // T to T², and to T⁴
        Self.product(t, t, size, into: &spare)
        swap(&t, &spare)
      }
      Self.product(t, m, size, into: &spare)
      swap(&m, &spare)
      let now = distance()
      if !(now < .infinity) { return false }
      if error < 1e-4 && now >= error {  // as near as rounding lets it come
        h = last
        break
      }
      error = now
    }
    if error > 1e-4 { return false }
    for i in 0..<n * n { root(i, Float(h[i])) }
    return true
  }

  /// The largest element of |M - I|.
  private func distance() -> Double {
    var largest = 0.0
    for i in 0..<size {
      for j in 0..<size {
        let off = abs(m[i * size + j] - (i == j ? 1 : 0))
        if !(off <= largest) { largest = off }
      }
    }
    return largest
  }

  private static func product(_ x: [Double], _ y: [Double], _ size: Int, into z: inout [Double]) {
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        z.withUnsafeMutableBufferPointer { z in
          vt_square_product_f64(Int32(size), x.baseAddress, y.baseAddress, z.baseAddress)
        }
      }
    }
  }
}
