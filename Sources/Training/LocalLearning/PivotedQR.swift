/// F P = Q R by Householder's reflections with pivots, in Double; the rank is what rounding leaves of it.
struct PivotedQR {
  private let rows: Int
  private let columns: Int
  /// R on and above the diagonal, the reflections below, column by column: [columns][rows].
  private var factors: [Double]
  private var scales: [Double]
  private var order: [Int]
  /// The number of columns that do not depend on others.
  let rank: Int

  /// The factors of a row-major [rows, columns].
  init(_ matrix: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    var f = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows { for column in 0..<columns { f[column * rows + row] = matrix[row * columns + column] } }
    let steps = min(rows, columns)
    var (scales, order, rank) = ([Double](repeating: 0, count: steps), Array(0..<columns), 0)
    var first = 0.0
    f.withUnsafeMutableBufferPointer { f in
      guard let base = f.baseAddress else { return }
      for step in 0..<steps {
        // Lengths are computed anew: to take off what was used loses digits.
        var (best, length) = (step, -1.0)
        for column in step..<columns {
          let x = base + column * rows + step
          let square = Cholesky.dot(x, x, rows - step)
          if square > length { (best, length) = (column, square) }
        }
        length = length.squareRoot()
        if step == 0 { first = length }
        // As numpy's pseudo-inverse and lstsq: what is below the largest times the unit roundoff times the size is nothing.
        if length <= Double(max(rows, columns)) * Double.ulpOfOne * first { return }
        rank = step + 1
        if best != step {
          order.swapAt(best, step)
          for row in 0..<rows {
            let held = base[best * rows + row]
            base[best * rows + row] = base[step * rows + row]
            base[step * rows + row] = held
          }
        }
        scales[step] = Self.reflection(base + step * rows + step, rows - step)
        for column in step + 1..<max(step + 1, columns) {
          Self.reflect(base + step * rows + step, scales[step], base + column * rows + step, rows - step)
        }
      }
    }
    (factors, self.scales, self.order, self.rank) = (f, scales, order, rank)
  }

  /// Makes of x the reflection 1, v… that takes it to (r, 0, …), r in its first place; gives τ of I - τ v vᵀ.
  private static func reflection(_ x: UnsafeMutablePointer<Double>, _ count: Int) -> Double {
    let rest = count > 1 ? Cholesky.dot(x + 1, x + 1, count - 1) : 0
    if rest == 0 { return 0 }
    let length = (x[0] * x[0] + rest).squareRoot()
    let r = x[0] > 0 ? -length : length
    let scale = (r - x[0]) / r
    let divisor = x[0] - r
    for place in 1..<count { x[place] /= divisor }
    x[0] = r
    return scale
  }

  private static func reflect(
    _ v: UnsafePointer<Double>, _ scale: Double, _ y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    let sum = scale * (y[0] + (count > 1 ? Cholesky.dot(v + 1, y + 1, count - 1) : 0))
    y[0] -= sum
    for place in 1..<max(1, count) { y[place] -= sum * v[place] }
  }

  /// The shortest X [columns, outputs] that makes ‖F X - Y‖ smallest; Y is [rows, outputs].
  func shortest(_ targets: [Double], outputs: Int) -> [Double] {
    var solution = [Double](repeating: 0, count: columns * outputs)
    if rank == 0 { return solution }
    // R₁₁ R₁₂ of rank rows: X is the shortest where its transpose is a triangle beside zeros.
    var top = [Double](repeating: 0, count: columns * rank)
    for row in 0..<rank { for column in row..<columns { top[column * rank + row] = factors[column * rows + row] } }
    let transposed = rank < columns ? PivotedQR(top, rows: columns, columns: rank) : nil
    for output in 0..<outputs {
      var y = (0..<rows).map { targets[$0 * outputs + output] }
      factors.withUnsafeBufferPointer { f in
        y.withUnsafeMutableBufferPointer { y in
          guard let f = f.baseAddress, let y = y.baseAddress else { return }
          for step in 0..<rank { Self.reflect(f + step * rows + step, scales[step], y + step, rows - step) }
        }
      }
      var x = [Double](repeating: 0, count: columns)
      if let transposed {
        x = transposed.underdetermined(Array(y[..<rank]))
      } else {
        for row in (0..<rank).reversed() {
          var value = y[row]
          for column in row + 1..<max(row + 1, rank) { value -= factors[column * rows + row] * x[column] }
          x[row] = value / factors[row * rows + row]
        }
      }
      for place in 0..<columns { solution[order[place] * outputs + output] = x[place] }
    }
    return solution
  }

  /// With these the factors of Tᵀ: the shortest x of T x = y, that is Q R⁻ᵀ Pᵀ y.
  private func underdetermined(_ y: [Double]) -> [Double] {
    var x = [Double](repeating: 0, count: rows)
    for row in 0..<rank {
      var value = y[order[row]]
      for column in 0..<row { value -= factors[row * rows + column] * x[column] }
      x[row] = value / factors[row * rows + row]
    }
    factors.withUnsafeBufferPointer { f in
      x.withUnsafeMutableBufferPointer { x in
        guard let f = f.baseAddress, let x = x.baseAddress else { return }
        for step in (0..<rank).reversed() { Self.reflect(f + step * rows + step, scales[step], x + step, rows - step) }
      }
    }
    return x
  }
}
