import Formats

/// Time of a workload that the roofline does not explain, at one bottleneck.
public struct Opportunity: Sendable {
  /// Where and why.
  public var bottleneck: Bottleneck
  /// Seconds of the workload above the roofline.
  public var seconds: Double
  /// Those ÷ the workload's seconds.
  public var share: Double
  /// The operators that lose most, largest first: the test, the row's name, and its seconds of the workload.
  public var operators: [(test: String, name: String, seconds: Double)]
  /// The techniques that address the bottleneck.
  public var advice: [String]

  /// The opportunity's figures.
  public var json: JSON {
    [
      "phase": .string(bottleneck.phase.rawValue), "limit": .string(bottleneck.limit.rawValue),
      "secondsAboveRoofline": .rounded(seconds), "share": .rounded(share, digits: 4),
      "operators": .array(
        operators.map { ["test": .string($0.test), "name": .string($0.name), "seconds": .rounded($0.seconds)] }),
      "advice": .array(advice.map { .string($0) }),
    ]
  }
}

extension ProfileRow.Bound {
  /// The same as a bottleneck's limit.
  var limit: Bottleneck.Limit {
    switch self {
    case .compute: .compute
    case .memory: .memory
    case .overhead: .overhead
    }
  }
}
