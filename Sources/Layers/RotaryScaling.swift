#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a model that was trained on short sequences turns its heads on longer ones.
public struct RotaryScaling: Sendable, Hashable {
  private enum Rule: Hashable {
    case none
    case divided(by: [Double])
    case linear(factor: Double)
    case llama3(factor: Double, low: Double, high: Double, length: Double)
    case yarn(factor: Double, length: Double, betaFast: Double, betaSlow: Double)
  }
  private let rule: Rule
  /// The factor of all cosines and sines.
  public let magnitude: Double

  private init(_ rule: Rule, magnitude: Double = 1) {
    self.rule = rule
    self.magnitude = magnitude
  }

  /// The frequencies as they are.
  public static let none = RotaryScaling(.none)

  /// All frequencies are divided by `factor` (Chen et al.: Extending context window by positional interpolation, 2023).
  public static func linear(factor: Double) -> RotaryScaling { RotaryScaling(.linear(factor: factor)) }

  /// Each pair's frequency is divided by its own factor, and what turns is multiplied by `magnitude` (LongRoPE, Ding et al.,
  /// 2024; the factors that GGUF files hold for Llama 3).
  public static func factors(_ factors: [Double], magnitude: Double = 1) -> RotaryScaling {
    RotaryScaling(.divided(by: factors), magnitude: magnitude)
  }

  /// Llama 3.1's rule: waves longer than length/low are stretched by `factor`, those shorter than length/high not at all, with
  /// a smooth passage between.
  public static func llama3(factor: Double, low: Double, high: Double, length: Double) -> RotaryScaling {
    RotaryScaling(.llama3(factor: factor, low: low, high: high, length: length))
  }

  /// Peng et al.: YaRN, 2023: pairs that turn more than `betaFast` times within the original length keep their frequency,
  /// those that turn less than `betaSlow` times are stretched by `factor`, with a linear passage between. Without a `magnitude`
  /// it is the paper's, 0.1 ln(factor) + 1.
  public static func yarn(
    factor: Double, length: Double, betaFast: Double = 32, betaSlow: Double = 1, magnitude: Double? = nil
  ) -> RotaryScaling {
    RotaryScaling(
      .yarn(factor: factor, length: length, betaFast: betaFast, betaSlow: betaSlow),
      magnitude: magnitude ?? (factor > 1 ? 0.1 * log(factor) + 1 : 1))
  }

  /// How many pairs the rule has factors for; `nil` when for any number.
  public var pairs: Int? {
    if case .divided(let factors) = rule { factors.count } else { nil }
  }

  /// The angles by which the pairs turn from one position to the next, for `rotated` values of a head.
  ///
  /// - Precondition: ``pairs`` is `nil` or half of `rotated`.
  func frequencies(rotated: Int, base: Double) -> [Double] {
    precondition(pairs.map { $0 == rotated / 2 } ?? true, "\(pairs ?? 0) factors for \(rotated) values")
    let plain = (0..<rotated / 2).map { pow(base, -2 * Double($0) / Double(rotated)) }
    switch rule {
    case .none: return plain
    case .divided(let factors): return zip(plain, factors).map { $0 / $1 }
    case .linear(let factor): return plain.map { $0 / factor }
    case .llama3(let factor, let low, let high, let length):
      return plain.map { frequency in
        // How often the pair turns within the original length, from `low` (0) to `high` (1).
        let turns = length * frequency / (2 * Double.pi)
        let kept = high > low ? min(1, max(0, (turns - low) / (high - low))) : turns < low ? 0 : 1
        return frequency * (kept + (1 - kept) / factor)
      }
    case .yarn(let factor, let length, let betaFast, let betaSlow):
      // The (fractional) pair that turns so often within the original length.
      func pair(_ turns: Double) -> Double {
        Double(rotated) * log(length / (turns * 2 * Double.pi)) / (2 * log(base))
      }
      let first = max(0, pair(betaFast).rounded(.down))
      let last = min(Double(rotated - 1), pair(betaSlow).rounded(.up))
      let span = first == last ? 0.001 : last - first
      return plain.enumerated().map { index, frequency in
        let stretched = min(1, max(0, (Double(index) - first) / span))
        return frequency * ((1 - stretched) + stretched / factor)
      }
    }
  }
}
