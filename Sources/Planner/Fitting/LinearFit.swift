/// Coefficients that bring linear combinations of a few columns nearest to given values, by least squares.
///
/// Householder reflections (Golub: Numerical methods for solving linear least squares problems, 1965); columns are scaled
/// to the same length first.
public struct LinearFit: Sendable, Hashable {
  /// One for each column.
  public var coefficients: [Double]
  /// What is left of each value: value − combination.
  public var residuals: [Double]
  /// The sum of the weighted squared residuals.
  public var squares: Double
  /// The part of the values' variance that is explained; 1 where the values have none and nothing is left.
  public var rSquared: Double
  /// (XᵀWX)⁻¹, row by row: times the residuals' variance, the covariance of the coefficients.
  public var inverseNormal: [[Double]]

  /// The most columns and rows.
  static let columnLimit = 16
  static let rowLimit = 1 << 20

  /// Fits `values` by the columns of `rows`.
  ///
  /// - Parameters:
  ///   - rows: for each value, the numbers of its columns.
  ///   - values: what is to be met.
  ///   - weights: of the squared residuals, above 0; 1 where none are given.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes that do not agree, fewer values than columns, numbers that
  ///   are not finite, and columns of which one is a combination of others.
  public init(rows: [[Double]], values: [Double], weights: [Double]? = nil) throws(PlannerError) {
    let columns = rows.first?.count ?? 0
    guard rows.count == values.count, rows.count <= Self.rowLimit, rows.allSatisfy({ $0.count == columns }),
      weights.map({ $0.count == values.count }) ?? true
    else { throw .invalid(field: "rows", problem: "\(rows.count) rows for \(values.count) values, or of unequal length") }
    guard (1...Self.columnLimit).contains(columns), values.count >= columns else {
      throw .invalid(field: "values", problem: "\(values.count) values cannot fix \(columns) coefficients")
    }
    let roots = (weights ?? [Double](repeating: 1, count: values.count)).map { $0.squareRoot() }
    guard rows.joined().allSatisfy(\.isFinite), values.allSatisfy(\.isFinite),
      roots.allSatisfy({ $0.isFinite && $0 > 0 })
    else { throw .invalid(field: "values", problem: "not all are finite, or a weight is not above 0") }
    let scales = try Self.scales(rows, roots)
    // The augmented matrix: scaled columns, and the values behind them.
    var matrix = rows.indices.map { row in
      zip(rows[row], scales).map { $0 / $1 * roots[row] } + [values[row] * roots[row]]
    }
    for column in 0..<columns { try Self.reflect(&matrix, column) }
    var found = [Double](repeating: 0, count: columns)
    for row in (0..<columns).reversed() {
      var rest = matrix[row][columns]
      for column in row + 1..<max(row + 1, columns) { rest -= matrix[row][column] * found[column] }
      found[row] = rest / matrix[row][row]
    }
    inverseNormal = Self.inverse(matrix, columns, scales)
    for column in 0..<columns { found[column] /= scales[column] }
    coefficients = found
    var left: [Double] = []
    for (row, value) in zip(rows, values) { left.append(zip(row, found).reduce(value) { $0 - $1.0 * $1.1 }) }
    residuals = left
    func weighted(_ numbers: [Double]) -> Double {
      zip(numbers, roots).reduce(0.0) { sum, pair in sum + pair.0 * pair.1 * pair.1 }
    }
    squares = weighted(left.map { $0 * $0 })
    let mean = weighted(values) / weighted(values.map { _ in 1.0 })
    let spread = weighted(values.map { ($0 - mean) * ($0 - mean) })
    rSquared = spread > 0 ? 1 - squares / spread : squares == 0 ? 1 : 0
  }

  /// The fit whose coefficients are all 0 or above: of all subsets of columns that give none below 0, the nearest.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` as the plain fit, for more than eight columns, and where no column
  ///   helps with a coefficient above 0.
  public static func nonnegative(
    rows: [[Double]], values: [Double], weights: [Double]? = nil
  ) throws(PlannerError) -> LinearFit {
    let columns = rows.first?.count ?? 0
    guard (1...8).contains(columns) else { throw .invalid(field: "rows", problem: "\(columns) columns, not 1…8") }
    var best: LinearFit?
    for subset in 1..<(1 << columns) {
      let kept = (0..<columns).filter { subset >> $0 & 1 == 1 }
      guard rows.allSatisfy({ $0.count == columns }),
        var fit = try? LinearFit(rows: rows.map { row in kept.map { row[$0] } }, values: values, weights: weights),
        fit.coefficients.allSatisfy({ $0 >= 0 }), fit.squares < best?.squares ?? .infinity
      else { continue }
      var coefficients = [Double](repeating: 0, count: columns)
      for (place, column) in kept.enumerated() { coefficients[column] = fit.coefficients[place] }
      fit.coefficients = coefficients
      best = fit
    }
    if let best { return best }
    // The plain fit says what is wrong, if anything is.
    _ = try LinearFit(rows: rows, values: values, weights: weights)
    throw .invalid(field: "values", problem: "no combination with coefficients of 0 or above comes near them")
  }

  /// The combination of `row`.
  public func value(at row: [Double]) -> Double { zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 } }

  private static func scales(_ rows: [[Double]], _ roots: [Double]) throws(PlannerError) -> [Double] {
    var scales: [Double] = []
    for column in 0..<(rows.first?.count ?? 0) {
      let length = zip(rows, roots).reduce(0.0) { sum, pair in
        let part = pair.0[column] * pair.1
        return sum + part * part
      }.squareRoot()
      guard length > 0, length.isFinite else { throw .invalid(field: "rows", problem: "column \(column) is all zeros") }
      scales.append(length)
    }
    return scales
  }

  /// Makes what stands below the diagonal of `column` zero.
  private static func reflect(_ matrix: inout [[Double]], _ column: Int) throws(PlannerError) {
    let length = (column..<matrix.count).reduce(0) { $0 + matrix[$1][column] * matrix[$1][column] }.squareRoot()
    // Columns have length one: what is left of this one after those before it.
    guard length > 1e-13 else {
      throw .invalid(field: "rows", problem: "column \(column) is a combination of the columns before it")
    }
    let diagonal = matrix[column][column] > 0 ? -length : length
    var vector = (column..<matrix.count).map { matrix[$0][column] }
    vector[0] -= diagonal
    let square = vector.reduce(0) { $0 + $1 * $1 }
    for other in column..<matrix[column].count {
      let product = zip(column..<matrix.count, vector).reduce(0) { $0 + matrix[$1.0][other] * $1.1 }
      let factor = 2 * product / square
      for (row, value) in zip(column..<matrix.count, vector) { matrix[row][other] -= factor * value }
    }
    matrix[column][column] = diagonal
    for row in column + 1..<max(column + 1, matrix.count) { matrix[row][column] = 0 }
  }

  /// (RᵀR)⁻¹ in the columns' own scale.
  private static func inverse(_ matrix: [[Double]], _ columns: Int, _ scales: [Double]) -> [[Double]] {
    // Column j of R⁻¹ by substitution from below.
    var inverse = [[Double]](repeating: [Double](repeating: 0, count: columns), count: columns)
    for column in 0..<columns {
      for row in (0...column).reversed() {
        let known = (row + 1..<max(row + 1, columns)).reduce(0) { $0 + matrix[row][$1] * inverse[$1][column] }
        inverse[row][column] = ((row == column ? 1 : 0) - known) / matrix[row][row]
      }
    }
    var product = inverse
    for i in 0..<columns {
      for j in 0..<columns {
        let sum = zip(inverse[i], inverse[j]).reduce(0.0) { $0 + $1.0 * $1.1 }
        product[i][j] = sum / scales[i] / scales[j]
      }
    }
    return product
  }
}
