/// F(p) = max(w, a + b·p) + c·p²: flat while weights are what is read, then straight, then bent by attention.
public struct PromptCurve: Sendable, Hashable, Codable {
  /// w: seconds of the shortest prompt.
  public var floor: Double
  /// a.
  public var start: Double
  /// b: seconds of a token.
  public var token: Double
  /// c: seconds of a pair of tokens.
  public var pair: Double

  /// A curve from its parts.
  public init(floor: Double, start: Double, token: Double, pair: Double) {
    self.floor = floor
    self.start = start
    self.token = token
    self.pair = pair
  }

  /// The curve nearest to knots, by relative errors: every split into flat and straight ones is tried.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than four knots.
  public init(fitting knots: [RuntimeProfile.Knot]) throws(PlannerError) {
    guard knots.count >= 4 else { throw .invalid(field: "knots", problem: "\(knots.count) of them, at least 4") }
    let values = knots.map(\.seconds)
    guard values.allSatisfy({ $0 > 0 }) else { throw .invalid(field: "knots", problem: "seconds must be above 0") }
    let weights = values.map { 1 / ($0 * $0) }
    var best: (squares: Double, curve: PromptCurve)?
    for split in 0...knots.count - 2 {
      // Columns: w of the flat ones, a and b of the straight ones, c of all.
      let rows = knots.enumerated().map { index, knot -> [Double] in
        let p = Double(knot.prompt)
        return split == 0 ? [1, p, p * p] : index < split ? [1, 0, 0, p * p] : [0, 1, p, p * p]
      }
      guard let fit = try? LinearFit.nonnegative(rows: rows, values: values, weights: weights) else { continue }
      let c = fit.coefficients
      let curve =
        split == 0
        ? PromptCurve(floor: 0, start: c[0], token: c[1], pair: c[2])
        : PromptCurve(floor: c[0], start: c[1], token: c[2], pair: c[3])
      let squares = zip(knots, weights).reduce(0) { sum, row in
        let left = curve.seconds(row.0.prompt) - row.0.seconds
        return sum + row.1 * left * left
      }
      if squares < best?.squares ?? .infinity { best = (squares, curve) }
    }
    guard let best else { throw .invalid(field: "knots", problem: "no curve that rises comes near them") }
    self = best.curve
  }

  /// F(p).
  public func seconds(_ prompt: Int) -> Double {
    let p = Double(prompt)
    return max(floor, start + token * p) + pair * p * p
  }
}
