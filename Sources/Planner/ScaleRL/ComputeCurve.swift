// The Art of Scaling Reinforcement Learning Compute for LLMs (2025), https://arxiv.org/abs/2510.13786: how the pass rate grows
// with compute, fitted on the first part of a run and extrapolated.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// R(C) = R₀ + (A − R₀) / (1 + (C_mid / C)^B).
public struct ComputeCurve: Sendable, Hashable, Codable {
  /// R₀: the pass rate before any training, measured.
  public var initial: Double
  /// A: the pass rate that no compute exceeds.
  public var ceiling: Double
  /// B: how steep the rise is, above 0.
  public var steepness: Double
  /// C_mid: the compute at half of the gain, in any unit.
  public var middle: Double

  /// A curve.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for rates outside 0…1, a ceiling not above the initial rate, and a
  ///   steepness or middle that is not above 0.
  public init(initial: Double, ceiling: Double, steepness: Double, middle: Double) throws(PlannerError) {
    guard initial >= 0, initial <= 1 else { throw .invalid(field: "initial", problem: "\(initial) lies outside 0…1") }
    guard ceiling > initial, ceiling <= 1 else {
      throw .invalid(field: "ceiling", problem: "\(ceiling) must lie above the initial \(initial) and at most at 1")
    }
    for (field, value) in [("steepness", steepness), ("middle", middle)] where !(value > 0 && value.isFinite) {
      throw .invalid(field: field, problem: "\(value) must be above 0")
    }
    self.init(checked: initial, ceiling, steepness, middle)
  }

  init(checked initial: Double, _ ceiling: Double, _ steepness: Double, _ middle: Double) {
    self.initial = initial
    self.ceiling = ceiling
    self.steepness = steepness
    self.middle = middle
  }

  /// R(C) of compute above 0; R₀ of none.
  public func value(at compute: Double) -> Double {
    guard compute > 0 else { return initial }
    return initial + (ceiling - initial) / (1 + pow(middle / compute, steepness))
  }

  /// The compute at which the pass rate is reached; `nil` for rates that it never has, R₀ or below among them.
  public func compute(for rate: Double) -> Double? {
    guard rate > initial, rate < ceiling else { return nil }
    return middle * pow((rate - initial) / (ceiling - rate), 1 / steepness)
  }

  /// log [(R − R₀) / (A − R)], which grows with log C in a straight line of slope B; `nil` outside (R₀, A).
  public func logOdds(of rate: Double) -> Double? {
    guard rate > initial, rate < ceiling else { return nil }
    return log((rate - initial) / (ceiling - rate))
  }

  /// The largest compute in a range at which this curve passes `other`, by the signs at 400 places and bisection between; `nil`
  /// where one of both leads throughout.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a range that does not begin above 0.
  public func overtaking(_ other: ComputeCurve, in range: ClosedRange<Double>) throws(PlannerError) -> Double? {
    guard range.lowerBound > 0, range.upperBound.isFinite else {
      throw .invalid(field: "range", problem: "\(range) must begin above 0")
    }
    let (low, high) = (log(range.lowerBound), log(range.upperBound))
    func lead(_ place: Double) -> Double { value(at: exp(place)) - other.value(at: exp(place)) }
    for index in (0..<400).reversed() {
      let (left, right) = (low + (high - low) * Double(index) / 400, low + (high - low) * Double(index + 1) / 400)
      if lead(left) <= 0, lead(right) > 0 { return exp(Bisection.solve(in: left...right, for: 0, lead)) }
    }
    return nil
  }
}
