/// Parameters in bounds that bring a curve nearest to given values, by least squares.
///
/// Levenberg and Marquardt's method (Marquardt: An algorithm for least-squares estimation of nonlinear parameters, 1963) with
/// derivatives by central differences; steps that leave the bounds end at them.
public struct CurveFit: Sendable, Hashable {
  /// What was found.
  public var parameters: [Double]
  /// The sum of the squared residuals.
  public var squares: Double
  /// The square roots of the parameters' variances, from the curvature and the residuals; `nil` where there are no more
  /// values than parameters, or where a parameter changes nothing.
  public var errors: [Double]?
  /// Steps that were taken.
  public var steps: Int

  /// Fits from `start`.
  ///
  /// - Parameters:
  ///   - start: the first guess, in the bounds.
  ///   - bounds: where each parameter may lie.
  ///   - residuals: what is left of each value; as many for all parameters.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a start out of bounds, or residuals there that are not finite.
  public init(
    start: [Double], bounds: [ClosedRange<Double>], residuals: ([Double]) -> [Double]
  ) throws(PlannerError) {
    guard start.count == bounds.count, !start.isEmpty, zip(start, bounds).allSatisfy({ $1.contains($0) }) else {
      throw .invalid(field: "start", problem: "\(start) lies outside its bounds")
    }
    var place = start
    var left = residuals(place)
    guard left.count >= start.count, left.allSatisfy(\.isFinite) else {
      throw .invalid(field: "residuals", problem: "\(left.count) of them, or not all finite, for \(start.count) parameters")
    }
    var square = Self.square(left)
    var damping = 1e-3
    var taken = 0
    var jacobian = Self.jacobian(place, bounds, left.count, residuals)
    for _ in 0..<200 {
      let scales = (0..<start.count).map { column in
        max(jacobian.reduce(0) { $0 + $1[column] * $1[column] }.squareRoot(), 1e-300)
      }
      // (J, √λ·D) step = (−left, 0): the damped step as a least squares problem of its own.
      var rows = jacobian
      for column in 0..<start.count {
        var row = [Double](repeating: 0, count: start.count)
        row[column] = damping.squareRoot() * scales[column]
        rows.append(row)
      }
      let wanted = left.map { -$0 } + [Double](repeating: 0, count: start.count)
      guard let step = try? LinearFit(rows: rows, values: wanted).coefficients else { break }
      let next = zip(zip(place, step), bounds).map { min(max($0.0 + $0.1, $1.lowerBound), $1.upperBound) }
      let nextLeft = residuals(next)
      let nextSquare = Self.square(nextLeft)
      if nextSquare.isFinite, nextSquare <= square {
        let moved = zip(zip(place, next), bounds).contains { pair, bound in
          abs(pair.0 - pair.1) > 1e-14 * max(abs(pair.0), Self.width(bound))
        }
        let gained = square - nextSquare
        (place, left, square) = (next, nextLeft, nextSquare)
        taken += 1
        if !moved || gained <= 1e-16 * square { break }
        damping = max(damping / 5, 1e-14)
        jacobian = Self.jacobian(place, bounds, left.count, residuals)
      } else {
        damping *= 4
        if damping > 1e12 { break }
      }
    }
    parameters = place
    squares = square
    steps = taken
    let freedom = left.count - start.count
    let fit = try? LinearFit(rows: Self.jacobian(place, bounds, left.count, residuals), values: left)
    errors = freedom > 0 ? fit.map { fit in
      start.indices.map { (fit.inverseNormal[$0][$0] * square / Double(freedom)).squareRoot() }
    } : nil
  }

  private static func square(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }

  /// The width of bounds, where it is a number to measure steps by.
  private static func width(_ bound: ClosedRange<Double>) -> Double {
    let width = bound.upperBound - bound.lowerBound
    return width.isFinite ? min(width, 1) : 1
  }

  /// The residuals' derivatives, row by row.
  private static func jacobian(
    _ place: [Double], _ bounds: [ClosedRange<Double>], _ count: Int, _ residuals: ([Double]) -> [Double]
  ) -> [[Double]] {
    var rows = [[Double]](repeating: [Double](repeating: 0, count: place.count), count: count)
    for column in place.indices {
      let step = 1e-6 * max(abs(place[column]), 1e-3 * width(bounds[column]))
      var (below, above) = (place, place)
      below[column] = max(place[column] - step, bounds[column].lowerBound)
      above[column] = min(place[column] + step, bounds[column].upperBound)
      let distance = above[column] - below[column]
      guard distance > 0 else { continue }
      for (row, (high, low)) in zip(residuals(above), residuals(below)).enumerated() where row < count {
        rows[row][column] = (high - low) / distance
      }
    }
    return rows
  }
}
