// Scaling over Scaling: Exploring Test-Time Scaling Plateau in Large Reasoning Models (2025),
// https://arxiv.org/abs/2505.20522: when more test-time compute stops paying.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How performance saturates with the number of parallel answers, or of rounds of thinking again.
///
/// F(N) = F_max · (1 − (1 − p₀)(1 − p)^N). The paper's form has p₀ = 0; a share p₀ that is right before the first round is an
/// extension here.
public struct SaturationModel: Sendable, Hashable, Codable {
  /// The performance that no number of answers exceeds, above 0 and at most 1.
  public var ceiling: Double
  /// The chance p that an answer is right, or that a round makes a wrong one right, 0…1.
  public var chance: Double
  /// The share p₀ that is right before the first round, 0…1.
  public var initial: Double

  /// A model.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a ceiling outside (0, 1] and chances outside 0…1.
  public init(ceiling: Double = 1, chance: Double, initial: Double = 0) throws(PlannerError) {
    guard ceiling > 0, ceiling <= 1 else {
      throw .invalid(field: "ceiling", problem: "\(ceiling) must lie above 0 and at most at 1")
    }
    for (field, value) in [("chance", chance), ("initial", initial)] where !(value >= 0 && value <= 1) {
      throw .invalid(field: field, problem: "\(value) lies outside 0…1")
    }
    self.ceiling = ceiling
    self.chance = chance
    self.initial = initial
  }

  /// F(N).
  public func value(at count: Double) -> Double { ceiling * (1 - (1 - initial) * missed(count)) }

  /// What one more answer brings: F(N+1) − F(N) = F_max · p · (1 − p₀)(1 − p)^N.
  public func gain(at count: Double) -> Double { ceiling * chance * (1 - initial) * missed(count) }

  /// (1 − p)^N; 1 − p has no digits left of a very small p.
  private func missed(_ count: Double) -> Double {
    chance > 1e-4 ? pow(1 - chance, count) : exp(count * log1p(-chance))
  }

  /// The largest number of answers that a saturation point is looked for in.
  public static let limit = 1 << 53

  /// N*: the least N ≥ 1 whose next answer brings at most `gain`; `nil` where no answer brings anything (p = 0), or where it
  /// lies beyond 2⁵³.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a gain that is not above 0.
  public func saturation(gain least: Double = 0.01) throws(PlannerError) -> Int? {
    guard least > 0, least.isFinite else { throw .invalid(field: "gain", problem: "\(least) must be above 0") }
    if chance == 0 || initial == 1 { return nil }
    if gain(at: 1) <= least { return 1 }
    // Both logarithms are below zero.
    let places = (log(least / (ceiling * chance * (1 - initial))) / log1p(-chance)).rounded(.up)
    guard places < Double(Self.limit) else { return nil }
    // Rounding may put the formula one off where the gain is exactly `least`.
    var count = max(1, Int(places))
    for _ in 0..<2 where count > 1 && gain(at: Double(count - 1)) <= least { count -= 1 }
    for _ in 0..<2 where gain(at: Double(count)) > least { count += 1 }
    return count
  }

  /// The share that is right in the end where rounds also make right answers wrong, with the chance δ: p / (p + δ).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a chance outside 0…1, and where both are 0.
  public func fixedPoint(losing delta: Double) throws(PlannerError) -> Double {
    guard delta >= 0, delta <= 1 else { throw .invalid(field: "delta", problem: "\(delta) lies outside 0…1") }
    guard chance + delta > 0 else { throw .invalid(field: "delta", problem: "nothing changes: both chances are 0") }
    return chance / (chance + delta)
  }

  /// The share that is right after N rounds of such a chain, from the share p₀.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a chance outside 0…1.
  public func share(after rounds: Double, losing delta: Double) throws(PlannerError) -> Double {
    guard delta >= 0, delta <= 1 else { throw .invalid(field: "delta", problem: "\(delta) lies outside 0…1") }
    guard chance + delta > 0 else { return initial }
    let end = chance / (chance + delta)
    return end + (initial - end) * pow(1 - chance - delta, rounds)
  }
}
