#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// R(C) = A − D / C^B: the competitor, which has no beginning.
public struct ComputePowerLaw: Sendable, Hashable, Codable {
  /// A.
  public var ceiling: Double
  /// D, above 0.
  public var scale: Double
  /// B, above 0.
  public var exponent: Double
  /// The root of the mean squared residual.
  public var residual: Double

  /// The law nearest to the points: for each exponent the rest is a line.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` as ``ComputeCurveFit``.
  public init(_ points: [ComputePoint]) throws(PlannerError) {
    try ComputeCurveFit.check(points)
    let values = points.map(\.rate)
    let least = points.map(\.compute).min() ?? 1
    func line(_ exponent: Double) -> LinearFit? {
      try? LinearFit(rows: points.map { [1, -pow(least / $0.compute, exponent)] }, values: values)
    }
    let best = GoldenSection.minimum(in: log(0.01)...log(20), places: 120) { line(exp($0))?.squares ?? .infinity }
    guard let fit = line(exp(best.place)) else {
      throw .invalid(field: "points", problem: "all at one compute")
    }
    exponent = exp(best.place)
    ceiling = fit.coefficients[0]
    scale = fit.coefficients[1] * pow(least, exponent)
    residual = (fit.squares / Double(points.count)).squareRoot()
  }

  /// R(C).
  public func value(at compute: Double) -> Double { ceiling - scale / pow(compute, exponent) }
}
