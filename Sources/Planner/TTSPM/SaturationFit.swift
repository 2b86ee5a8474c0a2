#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Saturation models that come nearest to a measured curve.
public struct SaturationFit: Sendable, Hashable {
  /// One chance for all problems: the paper's model.
  public var model: SaturationModel
  /// The root of its mean squared residual.
  public var residual: Double
  /// A chance for each problem, drawn from a Beta distribution; `nil` for fewer than three points.
  public var mixture: BetaSaturation?
  /// The root of its mean squared residual.
  public var mixtureResidual: Double?
  /// The middle 95 % of the ceiling over draws of problems, or from the curvature where only the curve is known.
  public var ceilingBand: ClosedRange<Double>?
  /// The same of the chance.
  public var chanceBand: ClosedRange<Double>?
  /// What is odd about the curve.
  public var warnings: [String]

  /// Fits a curve.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than two points, numbers below 1 or twice there, and scores
  ///   outside 0…1 or all 0.
  public init(_ curve: [CurvePoint]) throws(PlannerError) {
    let points = curve.sorted { $0.count < $1.count }
    guard points.count >= 2, points.count <= 4096 else {
      throw .invalid(field: "curve", problem: "\(points.count) points, not 2…4096")
    }
    for (point, next) in zip(points, points.dropFirst()) where point.count == next.count {
      throw .invalid(field: "curve", problem: "N = \(point.count) is there twice")
    }
    for point in points {
      guard (1...1 << 31).contains(point.count) else {
        throw .invalid(field: "curve", problem: "N = \(point.count) lies outside 1…\(1 << 31)")
      }
      guard point.score >= 0, point.score <= 1 else {
        throw .invalid(field: "curve", problem: "the score \(point.score) at N = \(point.count) lies outside 0…1")
      }
    }
    guard points.contains(where: { $0.score > 0 }) else {
      throw .invalid(field: "curve", problem: "all scores are 0: no answer is ever right")
    }
    warnings = []
    if zip(points, points.dropFirst()).contains(where: { $0.score > $1.score }) {
      warnings.append("the scores do not rise all along: the model cannot follow a fall")
    }
    let found = Self.geometric(points)
    model = try SaturationModel(ceiling: found.ceiling, chance: found.chance)
    residual = (found.squares / Double(points.count)).squareRoot()
    if model.ceiling == 1, model.chance == 1 { warnings.append("all answers are right: nothing is left to gain") }
    if points.count >= 3, let beta = Self.beta(points) {
      mixture = try BetaSaturation(ceiling: beta.ceiling, a: beta.a, b: beta.b)
      mixtureResidual = (beta.squares / Double(points.count)).squareRoot()
    }
    let curvature = try? CurveFit(start: [model.ceiling, model.chance], bounds: [1e-9...1, 1e-12...1]) { place in
      points.map { place[0] * (1 - pow(1 - place[1], Double($0.count))) - $0.score }
    }
    if let errors = curvature?.errors, errors.allSatisfy(\.isFinite) {
      ceilingBand = max(0, model.ceiling - 1.96 * errors[0])...min(1, model.ceiling + 1.96 * errors[0])
      chanceBand = max(0, model.chance - 1.96 * errors[1])...min(1, model.chance + 1.96 * errors[1])
    }
  }

  /// Fits the coverage of problems at some numbers of answers; the bands come from draws of problems.
  ///
  /// - Parameters:
  ///   - problems: answers to each problem, at least as many as the largest number.
  ///   - counts: numbers N, by default 1, 2, 4 … up to the fewest answers of a problem.
  ///   - draws: of problems, for the bands.
  ///   - seed: of the draws.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` as for a curve, and for numbers beyond a problem's answers.
  public init(
    problems: [Attempts], at counts: [Int]? = nil, draws: Int = 200, seed: UInt64 = 0
  ) throws(PlannerError) {
    let fewest = problems.map(\.samples).min() ?? 0
    guard fewest >= 2, problems.count <= 1 << 20 else {
      throw .invalid(field: "problems", problem: "\(problems.count) problems with \(fewest) answers at the fewest")
    }
    let counts = counts ?? (0..<Int.bitWidth - 1).map { 1 << $0 }.filter { $0 <= fewest }
    guard counts.count >= 2, counts.count <= 64 else {
      throw .invalid(field: "counts", problem: "\(counts.count) numbers, not 2…64")
    }
    var rows: [[Double]] = []
    for problem in problems {
      var row: [Double] = []
      for k in counts { row.append(try PassAtK.estimate(samples: problem.samples, correct: problem.correct, k: k)) }
      rows.append(row)
    }
    func curve(_ places: some Collection<Int>) -> [CurvePoint] {
      counts.indices.map { column in
        let sum = places.reduce(0) { $0 + rows[$1][column] }
        return CurvePoint(count: counts[column], score: sum / Double(places.count))
      }
    }
    try self.init(curve(rows.indices))
    guard problems.count > 1 else { return }
    let fits = try Bootstrap.estimates(count: rows.count, draws: draws, seed: seed) { places in
      let points = curve(places)
      guard points.contains(where: { $0.score > 0 }) else { return nil }
      let fit = Self.geometric(points)
      return [fit.ceiling, fit.chance]
    }
    ceilingBand = Bootstrap.band(fits.map { $0[0] })
    chanceBand = Bootstrap.band(fits.map { $0[1] })
  }

  /// For each chance the best ceiling is a quotient of sums; the best chance is looked for on a grid of log odds.
  static func geometric(_ points: [CurvePoint]) -> (ceiling: Double, chance: Double, squares: Double) {
    func ceiling(_ chance: Double) -> (Double, Double) {
      fitted(points) { -expm1($0 * log1p(-chance)) }
    }
    if points.allSatisfy({ $0.score == points[0].score }) { return (points[0].score, 1, 0) }
    let best = GoldenSection.minimum(in: -25.0...12.0, places: 300) { odds in ceiling(1 / (1 + exp(-odds))).1 }
    let chance = 1 / (1 + exp(-best.place))
    return (ceiling(chance).0, chance, best.value)
  }

  /// The best mixture: a grid of means and concentrations, then Levenberg–Marquardt.
  static func beta(_ points: [CurvePoint]) -> (ceiling: Double, a: Double, b: Double, squares: Double)? {
    var best = (ceiling: 0.0, place: [0.0, 0.0], squares: Double.infinity)
    for i in -14...14 {
      for j in -14...14 {
        let (a, b) = (exp(Double(i) * 0.6), exp(Double(j) * 0.6))
        let found = fitted(points) { 1 - BetaSaturation.missed($0, a, b) }
        if found.1 < best.squares { best = (found.0, [Double(i) * 0.6, Double(j) * 0.6], found.1) }
      }
    }
    guard best.ceiling > 0 else { return nil }
    let start = [best.ceiling] + best.place
    let fit = try? CurveFit(start: start, bounds: [1e-6...1, -11...11, -11...11]) { place in
      points.map { place[0] * (1 - BetaSaturation.missed(Double($0.count), exp(place[1]), exp(place[2]))) - $0.score }
    }
    guard let fit, fit.squares <= best.squares else {
      return (best.ceiling, exp(best.place[0]), exp(best.place[1]), best.squares)
    }
    return (fit.parameters[0], exp(fit.parameters[1]), exp(fit.parameters[2]), fit.squares)
  }

  /// The ceiling of at most 1 that fits best, where `share` gives the part of it at each number, and the squares left.
  private static func fitted(_ points: [CurvePoint], share: (Double) -> Double) -> (Double, Double) {
    let shares = points.map { share(Double($0.count)) }
    let product = zip(points, shares).reduce(0) { $0 + $1.0.score * $1.1 }
    let square = shares.reduce(0) { $0 + $1 * $1 }
    let ceiling = square > 0 ? min(1, max(1e-9, product / square)) : 1
    let left = zip(points, shares).reduce(0) { sum, pair in
      let rest = ceiling * pair.1 - pair.0.score
      return sum + rest * rest
    }
    return (ceiling, left)
  }
}
