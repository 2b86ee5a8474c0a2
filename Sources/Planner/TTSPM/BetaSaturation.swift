#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Saturation over problems that are not equally hard: p is drawn from Beta(a, b) for each (an extension of this engine, not
/// the paper's).
///
/// F(N) = F_max · (1 − B(a, b+N) / B(a, b)).
public struct BetaSaturation: Sendable, Hashable, Codable {
  /// The performance that no number of answers exceeds, above 0 and at most 1.
  public var ceiling: Double
  /// The first parameter, above 0.
  public var a: Double
  /// The second parameter, above 0.
  public var b: Double

  /// A model.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a ceiling outside (0, 1] and parameters outside (0, 10⁶].
  public init(ceiling: Double = 1, a: Double, b: Double) throws(PlannerError) {
    guard ceiling > 0, ceiling <= 1 else {
      throw .invalid(field: "ceiling", problem: "\(ceiling) must lie above 0 and at most at 1")
    }
    for (field, value) in [("a", a), ("b", b)] where !(value > 0 && value <= 1e6) {
      throw .invalid(field: field, problem: "\(value) must lie above 0 and at most at 10⁶")
    }
    self.ceiling = ceiling
    self.a = a
    self.b = b
  }

  /// F(N).
  public func value(at count: Double) -> Double { ceiling * (1 - Self.missed(count, a, b)) }

  /// What one more answer brings.
  public func gain(at count: Double) -> Double {
    // B(a, b+N+1) = B(a, b+N) · (b+N) / (a+b+N).
    ceiling * Self.missed(count, a, b) * a / (a + b + count)
  }

  /// N*: the least N ≥ 1 whose next answer brings at most `gain`, by bisection; `nil` beyond 2⁵³.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a gain that is not above 0.
  public func saturation(gain least: Double = 0.01) throws(PlannerError) -> Int? {
    guard least > 0, least.isFinite else { throw .invalid(field: "gain", problem: "\(least) must be above 0") }
    if gain(at: 1) <= least { return 1 }
    var (low, high) = (1, 2)
    while gain(at: Double(high)) > least {
      guard high < SaturationModel.limit else { return nil }
      (low, high) = (high, 2 * high)
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if gain(at: Double(middle)) > least { low = middle } else { high = middle }
    }
    return high
  }

  /// B(a, b+N) / B(a, b): the chance that none of N answers is right.
  static func missed(_ count: Double, _ a: Double, _ b: Double) -> Double {
    // Products are exact where they are short.
    if count == count.rounded(), count <= 512 {
      return (0..<max(0, Int(count))).reduce(1.0) { $0 * (b + Double($1)) / (a + b + Double($1)) }
    }
    return exp(logGamma(b + count) - logGamma(a + b + count) + logGamma(a + b) - logGamma(b))
  }

  /// log Γ(x) of x > 0, by Stirling's series after the recurrence has made x large; thread-safe where libc's is not.
  static func logGamma(_ x: Double) -> Double {
    var (x, shift) = (x, 0.0)
    while x < 10 {
      shift += log(x)
      x += 1
    }
    let y = 1 / (x * x)
    let series = (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x
    return (x - 0.5) * log(x) - x + 0.5 * log(2 * Double.pi) + series - shift
  }
}
