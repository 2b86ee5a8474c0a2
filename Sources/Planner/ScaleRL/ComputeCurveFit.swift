#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The curve that comes nearest to a run's pass rates.
public struct ComputeCurveFit: Sendable, Hashable {
  /// Which of the first points are left out: early ones follow no curve.
  public enum Skip: Sendable, Hashable {
    /// None.
    case none
    /// Those below a compute.
    case below(Double)
    /// Those in the first tenth of the span of log C, and those before the rate has moved by a twentieth of its range.
    case warmUp
  }

  /// What was found.
  public var curve: ComputeCurve
  /// The root of the mean squared residual.
  public var residual: Double
  /// The points that were used.
  public var points: [ComputePoint]
  /// The middle 95 % of the ceiling over draws of points.
  public var ceilingBand: ClosedRange<Double>?
  /// The same of the steepness.
  public var steepnessBand: ClosedRange<Double>?
  /// The same of the middle.
  public var middleBand: ClosedRange<Double>?
  /// The curves of the draws, for bands of what is extrapolated.
  public var draws: [ComputeCurve]

  /// Differences of ceilings below this are no more than what seeds do (the paper's three runs).
  public static let noise = 0.02

  /// Fits.
  ///
  /// A grid over A in steps of 0.005 and over log C_mid, with B by Gauss–Newton at each place, as the paper does; then
  /// Levenberg–Marquardt from the best. Residuals are those of R, not of its logarithm.
  ///
  /// - Parameters:
  ///   - points: the run's, at least five after the first are left out.
  ///   - initial: R₀, which is measured and not fitted.
  ///   - skip: which of the first points are left out.
  ///   - draws: of points, for bands; 0 for none.
  ///   - seed: of the draws.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than five points, rates outside 0…1, compute not above 0, R₀
  ///   outside 0…1 or not below the best rate, a flat run, and draws outside 0…10,000.
  public init(
    _ points: [ComputePoint], initial: Double, skip: Skip = .warmUp, draws: Int = 0, seed: UInt64 = 0
  ) throws(PlannerError) {
    guard initial >= 0, initial < 1 else {
      throw .invalid(field: "initial", problem: "\(initial) must lie in 0..<1")
    }
    guard (0...10_000).contains(draws) else {
      throw .invalid(field: "draws", problem: "\(draws) lies outside 0…10,000")
    }
    try Self.check(points)
    guard let best = points.map(\.rate).max(), best > initial else {
      throw .invalid(field: "initial", problem: "no rate is above \(initial): A ≤ R₀")
    }
    let kept = Self.kept(points.sorted { $0.compute < $1.compute }, initial, skip)
    try Self.check(kept)
    let samples = Samples(kept, initial)
    let start = samples.grid()
    let found = samples.refined(start)
    curve = found.curve
    residual = (found.squares / Double(kept.count)).squareRoot()
    self.points = kept
    self.draws = []
    guard draws > 0 else { return }
    let fits = try Bootstrap.estimates(count: kept.count, draws: draws, seed: seed) { places in
      let drawn = Samples(places.map { kept[$0] }, initial)
      // A draw of few different points has no curve of its own.
      guard Set(places).count >= 4 else { return nil }
      let curve = drawn.refined(found.curve).curve
      return [curve.ceiling, curve.steepness, curve.middle]
    }
    self.draws = fits.map { ComputeCurve(checked: initial, $0[0], $0[1], $0[2]) }
    ceilingBand = Bootstrap.band(fits.map { $0[0] })
    steepnessBand = Bootstrap.band(fits.map { $0[1] })
    middleBand = Bootstrap.band(fits.map { $0[2] })
  }

  /// The middle 95 % of the rate at some compute over draws of points; `nil` without draws.
  public func band(at compute: Double) -> ClosedRange<Double>? {
    Bootstrap.band(draws.map { $0.value(at: compute) })
  }

  /// Fewer than five points, bad numbers, or nothing that rises.
  static func check(_ points: [ComputePoint]) throws(PlannerError) {
    guard (5...65_536).contains(points.count) else {
      throw .invalid(field: "points", problem: "\(points.count) of them, not 5…65,536")
    }
    for point in points {
      guard point.compute > 0, point.compute.isFinite else {
        throw .invalid(field: "compute", problem: "\(point.compute) must be above 0")
      }
      guard point.rate >= 0, point.rate <= 1 else {
        throw .invalid(field: "rate", problem: "\(point.rate) lies outside 0…1")
      }
    }
    guard points.contains(where: { $0.rate != points[0].rate }) else {
      throw .invalid(field: "points", problem: "all rates are \(points[0].rate): a flat run has no curve")
    }
    guard points.contains(where: { $0.compute != points[0].compute }) else {
      throw .invalid(field: "points", problem: "all stand at the compute \(points[0].compute)")
    }
  }

  static func kept(_ points: [ComputePoint], _ initial: Double, _ skip: Skip) -> [ComputePoint] {
    switch skip {
    case .none: return points
    case .below(let compute): return points.filter { $0.compute >= compute }
    case .warmUp:
      guard let first = points.first, let last = points.last else { return points }
      let start = log(first.compute) + 0.1 * (log(last.compute) - log(first.compute))
      let range = (points.map(\.rate).max() ?? 0) - initial
      let later = points.filter { log($0.compute) >= start }
      return Array(later.drop { $0.rate - initial < 0.05 * range })
    }
  }

  /// Points with what all places of the grid need of them.
  private struct Samples {
    let logs: [Double]
    let rates: [Double]
    let initial: Double

    init(_ points: [ComputePoint], _ initial: Double) {
      logs = points.map { log($0.compute) }
      rates = points.map(\.rate)
      self.initial = initial
    }

    /// The best place of the grid.
    func grid() -> ComputeCurve {
      let (low, high) = (logs.min() ?? 0, logs.max() ?? 0)
      let span = max(high - low, 1e-6)
      var best = (squares: Double.infinity, curve: ComputeCurve(checked: initial, 1, 1, exp(low)))
      let least = Int((initial / 0.005).rounded(.down)) + 1
      for step in least...200 {
        let ceiling = Double(step) * 0.005
        guard ceiling > initial else { continue }
        // From half a span before the first point to one beyond the last.
        for place in 0...60 {
          let middle = low - 0.5 * span + 2.5 * span * Double(place) / 60
          let (steepness, squares) = steepest(ceiling, middle)
          if squares < best.squares {
            best = (squares, ComputeCurve(checked: initial, ceiling, steepness, exp(middle)))
          }
        }
      }
      return best.curve
    }

    /// B at a place of the grid, by Gauss–Newton on log B, and the squares left.
    private func steepest(_ ceiling: Double, _ middle: Double) -> (Double, Double) {
      var power = 0.0
      var best = (power: 0.0, squares: Double.infinity)
      for _ in 0..<7 {
        let steepness = exp(power)
        var (squares, slope, curvature) = (0.0, 0.0, 1e-12)
        for (place, rate) in zip(logs, rates) {
          let share = 1 / (1 + exp(-steepness * (place - middle)))
          let left = initial + (ceiling - initial) * share - rate
          let change = (ceiling - initial) * share * (1 - share) * steepness * (place - middle)
          squares += left * left
          slope += left * change
          curvature += change * change
        }
        if squares < best.squares { best = (power, squares) }
        power = min(3.5, max(-3.5, power - min(1, max(-1, slope / curvature))))
      }
      return (exp(best.power), best.squares)
    }

    /// Levenberg–Marquardt over A, log B and log C_mid.
    func refined(_ start: ComputeCurve) -> (curve: ComputeCurve, squares: Double) {
      func residuals(_ place: [Double]) -> [Double] {
        zip(logs, rates).map { log, rate in
          initial + (place[0] - initial) / (1 + exp(-exp(place[1]) * (log - place[2]))) - rate
        }
      }
      let (low, high) = (logs.min() ?? 0, logs.max() ?? 0)
      let bounds = [(initial + 1e-6)...1, -4.0...4.0, (low - 30)...(high + 30)]
      let place = zip([start.ceiling, log(start.steepness), log(start.middle)], bounds).map {
        min(max($0, $1.lowerBound), $1.upperBound)
      }
      guard logs.count >= 3, let fit = try? CurveFit(start: place, bounds: bounds, residuals: residuals) else {
        return (start, residuals(place).reduce(0) { $0 + $1 * $1 })
      }
      let found = fit.parameters
      return (ComputeCurve(checked: initial, found[0], exp(found[1]), exp(found[2])), fit.squares)
    }
  }
}
