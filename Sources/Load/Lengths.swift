import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How long prompts or answers are, in tokens.
public enum Lengths: Sendable, Equatable {
  /// All the same.
  case fixed(Int)
  /// Every length of a range as often as any other.
  case uniform(ClosedRange<Int>)
  /// Lengths whose logarithm is normal: half of them below `median`, `sigma` the logarithm's standard deviation. Those outside of `range` are
  /// drawn anew, so the law is the one cut off there.
  case logNormal(median: Double, sigma: Double, range: ClosedRange<Int>)

  /// The longest that can be asked for.
  public static let most = 1_000_000

  /// Lengths as users write them: `105`, `64-256`, `lognormal:MEDIAN:SIGMA` or `lognormal:MEDIAN:SIGMA:LEAST-MOST`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 1 {
      if let length = Self.length(parts[0]) {
        self = .fixed(length)
      } else if let range = Self.range(parts[0]) {
        self = .uniform(range)
      } else {
        return nil
      }
      return
    }
    guard parts[0] == "lognormal", parts.count == 3 || parts.count == 4, let median = Double(parts[1]),
      let sigma = Double(parts[2]), sigma > 0, sigma <= 10
    else { return nil }
    let range = parts.count == 4 ? Self.range(parts[3]) : 1...Self.most
    // The median within the range: no more than a few draws are in vain.
    guard let range, (Double(range.lowerBound)...Double(range.upperBound)).contains(median) else { return nil }
    self = .logNormal(median: median, sigma: sigma, range: range)
  }

  private static func length(_ text: String) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text), (1...most).contains(value) else {
      return nil
    }
    return value
  }

  private static func range(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { length(String($0)) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low <= high else { return nil }
    return low...high
  }

  /// The shortest and the longest.
  public var range: ClosedRange<Int> {
    switch self {
    case .fixed(let length): length...length
    case .uniform(let range), .logNormal(_, _, let range): range
    }
  }

  /// The next length.
  public func draw(_ random: inout Random) -> Int {
    switch self {
    case .fixed(let length): return length
    case .uniform(let range): return range.lowerBound + Int(random.uniform() * Double(range.count))
    case .logNormal(let median, let sigma, let range):
      for _ in 0..<1000 {
        let value = (median * exp(sigma * Self.normal(&random))).rounded()
        if value >= Double(range.lowerBound), value <= Double(range.upperBound) { return Int(value) }
      }
      // A narrow range around the median.
      return min(range.upperBound, max(range.lowerBound, Int(median.rounded())))
    }
  }

  /// A number of the standard normal law (Box, Muller: A note on the generation of random normal deviates, 1958).
  private static func normal(_ random: inout Random) -> Double {
    let radius = (-2 * log(1 - random.uniform())).squareRoot()
    return radius * cos(2 * Double.pi * random.uniform())
  }
}

extension Lengths: CustomStringConvertible {
  /// As users write it.
  public var description: String {
    switch self {
    case .fixed(let length): "\(length)"
    case .uniform(let range): "\(range.lowerBound)-\(range.upperBound)"
    case .logNormal(let median, let sigma, let range):
      "lognormal:\(median):\(sigma):\(range.lowerBound)-\(range.upperBound)"
    }
  }
}
