/// A function through given points, straight between them; beyond the outer points the outer pieces go on.
public struct PiecewiseLinear: Sendable, Hashable, Codable {
  /// The places, ascending.
  public let xs: [Double]
  /// The values there.
  public let ys: [Double]

  /// A function through points, in any order.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no points, two at one place, or numbers that are not
  ///   finite.
  public init(_ points: [(x: Double, y: Double)], field: String = "points") throws(PlannerError) {
    let sorted = points.sorted { $0.x < $1.x }
    guard !sorted.isEmpty else { throw .invalid(field: field, problem: "there are none") }
    for point in sorted where !(point.x.isFinite && point.y.isFinite) {
      throw .invalid(field: field, problem: "(\(point.x), \(point.y)) is not finite")
    }
    for (a, b) in zip(sorted, sorted.dropFirst()) where a.x == b.x {
      throw .invalid(field: field, problem: "two values at \(a.x)")
    }
    (xs, ys) = (sorted.map(\.x), sorted.map(\.y))
  }

  /// A function through points that are known to be in order.
  init(checked xs: [Double], _ ys: [Double]) { (self.xs, self.ys) = (xs, ys) }

  /// The value at `x`.
  public func callAsFunction(_ x: Double) -> Double {
    guard xs.count > 1 else { return ys[0] }
    // The last piece that begins at or before x.
    var (low, high) = (0, xs.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if xs[middle] <= x { low = middle } else { high = middle }
    }
    let slope = (ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low])
    return ys[low] + slope * (x - xs[low])
  }

  /// The value at `x`, or at the nearer outer point where `x` lies beyond.
  public func clamped(_ x: Double) -> Double { self(min(max(x, xs[0]), xs[xs.count - 1])) }

  /// The mean of the function over its range, exactly.
  public var mean: Double {
    guard xs.count > 1 else { return ys[0] }
    var area = 0.0
    for place in 1..<xs.count { area += (xs[place] - xs[place - 1]) * (ys[place] + ys[place - 1]) / 2 }
    return area / (xs[xs.count - 1] - xs[0])
  }
}
