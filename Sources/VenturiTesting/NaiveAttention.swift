/// Attention straight from its definition in Double, sharing nothing with the kernels: the oracle of every exact core.
public struct NaiveAttention: Sendable {
  /// Query heads.
  public var heads: Int
  /// Key and value heads.
  public var kvHeads: Int
  /// The width of a head.
  public var headDim: Int
  /// The factor of the scores.
  public var scale: Double
  /// Whether a query sees a key.
  public var sees: @Sendable (_ query: Int, _ key: Int) -> Bool
  /// The limit that scores approach by its hyperbolic tangent; `nil` for none.
  public var softcap: Double?
  /// What is added to a score.
  public var bias: @Sendable (_ head: Int, _ query: Int, _ key: Int) -> Double

  /// An oracle; `sees` and `bias` get positions: the last query stands beside the last key.
  public init(
    heads: Int, kvHeads: Int, headDim: Int, scale: Double? = nil, softcap: Double? = nil,
    sees: @escaping @Sendable (_ query: Int, _ key: Int) -> Bool = { $1 <= $0 },
    bias: @escaping @Sendable (_ head: Int, _ query: Int, _ key: Int) -> Double = { _, _, _ in 0 }
  ) {
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.scale = scale ?? 1 / Double(headDim).squareRoot()
    self.softcap = softcap
    self.sees = sees
    self.bias = bias
  }

  /// o [Nq, heads · headDim] and LSE [Nq, heads] of q [Nq, heads · headDim], k and v [Nk, kvHeads · headDim]; a row that
  /// sees no key is 0 and -∞.
  public func callAsFunction(q: [Float], k: [Float], v: [Float]) -> (o: [Double], lse: [Double]) {
    let (wide, narrow, group) = (heads * headDim, kvHeads * headDim, heads / kvHeads)
    let (rows, length) = (q.count / wide, k.count / narrow)
    var o = [Double](repeating: 0, count: q.count)
    var lse = [Double](repeating: -.infinity, count: rows * heads)
    for row in 0..<rows {
      let position = row + length - rows
      let keys = (0..<length).filter { sees(position, $0) }
      if keys.isEmpty { continue }
      for head in 0..<heads {
        let at = row * wide + head * headDim
        let other = head / group * headDim
        let scores = keys.map { key in
          var sum = 0.0
          for i in 0..<headDim { sum += Double(q[at + i]) * Double(k[key * narrow + other + i]) }
          return capped(sum * scale) + bias(head, position, key)
        }
        let top = scores.reduce(-.infinity, max)
        let weights = scores.map { Self.exponential($0 - top) }
        let total = weights.reduce(0, +)
        for (key, weight) in zip(keys, weights) where weight > 0 {
          for i in 0..<headDim { o[at + i] += weight / total * Double(v[key * narrow + other + i]) }
        }
        lse[row * heads + head] = top + Self.logarithm(total)
      }
    }
    return (o, lse)
  }

  private func capped(_ score: Double) -> Double {
    guard let softcap else { return score }
    // tanh x = (1 - e^-2x) / (1 + e^-2x) for x of either sign.
    let small = Self.exponential(-2 * abs(score / softcap))
    let limited = softcap * (1 - small) / (1 + small)
    return score < 0 ? -limited : limited
  }

  /// e^x for x up to 0, by halving the argument to where its series is short.
  public static func exponential(_ x: Double) -> Double {
    if x < -700 { return 0 }
    let small = x / 1024
    var term = 1.0
    var sum = 1.0
    for n in 1...12 {
      term *= small / Double(n)
      sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
  }

  /// ln x of a normal positive number, by the series of the inverse hyperbolic tangent.
  public static func logarithm(_ x: Double) -> Double {
    let z = (x.significand - 1) / (x.significand + 1)
    var power = z
    var sum = 0.0
    for n in stride(from: 1, through: 61, by: 2) {
      sum += power / Double(n)
      power *= z * z
    }
    return 2 * sum + Double(x.exponent) * 0.693147180559945309417
  }

  /// |values - exact| ÷ |exact|, both Euclidean; the absolute error where `exact` is 0.
  public static func relativeError(_ values: [Float], _ exact: [Double]) -> Double {
    precondition(values.count == exact.count, "\(values.count) values against \(exact.count)")
    var difference = 0.0
    var norm = 0.0
    for (value, exact) in zip(values, exact) {
      difference += (Double(value) - exact) * (Double(value) - exact)
      norm += exact * exact
    }
    return norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
  }
}
