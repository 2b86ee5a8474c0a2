import NumericTypes

/// How long prompts or answers are.
public enum LengthDistribution: Sendable, Hashable {
  /// All of one length.
  case constant(Int)
  /// With a normal logarithm: `sigma` is its deviation.
  case logNormal(median: Double, sigma: Double)
  /// The lengths at some quantiles, from 0 to 1; straight between them.
  case quantiles(PiecewiseLinear)

  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  func validate(_ field: String) throws(PlannerError) {
    let most = Double(1 << 24)
    switch self {
    case .constant(let tokens):
      guard tokens >= 1, Double(tokens) <= most else {
        throw .invalid(field: field, problem: "\(tokens) tokens lie outside 1…2²⁴")
      }
    case .logNormal(let median, let sigma):
      guard median >= 1, median <= most, sigma >= 0, sigma <= 5 else {
        throw .invalid(field: field, problem: "a median of \(median) tokens with a deviation of \(sigma)")
      }
    case .quantiles(let lengths):
      guard lengths.xs.first == 0, lengths.xs.last == 1, lengths.ys.allSatisfy({ $0 >= 1 && $0 <= most }),
        zip(lengths.ys, lengths.ys.dropFirst()).allSatisfy({ $0 <= $1 })
      else { throw .invalid(field: field, problem: "quantiles from 0 to 1 must ascend from 1 to at most 2²⁴ tokens") }
    }
  }

  /// The next length; one draw, or two of a log-normal.
  func next(_ random: inout Random) -> Int {
    switch self {
    case .constant(let tokens): return tokens
    case .logNormal(let median, let sigma):
      return Int(min(max(1, random.logNormal(median: median, sigma: sigma).rounded()), Double(1 << 24)))
    case .quantiles(let lengths): return Int(lengths(random.uniform()).rounded())
    }
  }
}
