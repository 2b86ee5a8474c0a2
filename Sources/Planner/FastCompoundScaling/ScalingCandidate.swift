/// A scaled net with its counts and its time.
public struct ScalingCandidate: Sendable, Hashable {
  /// The net.
  public var net: ConvolutionalNet
  /// How it was scaled.
  public var strategy: ScalingStrategy
  /// By how much, nominally.
  public var scale: Double
  /// Its counts.
  public var complexity: NetComplexity
  /// Seconds on the device.
  public var seconds: Double

  /// All strategies at some multiples of a net's operations, within a time; of those the ones than which no other has more
  /// operations in less time. Nets of equal operations are about equally accurate, whatever the strategy, so that operations
  /// stand for accuracy.
  ///
  /// - Parameters:
  ///   - net: what is scaled.
  ///   - model: of the device's time.
  ///   - strategies: ways to scale.
  ///   - multiples: of the net's operations.
  ///   - budget: the most seconds.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a budget that is not above 0, and more than 1024 multiples.
  public static func front(
    _ net: ConvolutionalNet, _ model: NetTimeModel, strategies: [ScalingStrategy] = ScalingStrategy.named,
    multiples: [Double] = [0.25, 0.5, 1, 2, 4, 8, 16, 32], budget: Double = .infinity
  ) throws(PlannerError) -> [ScalingCandidate] {
    guard budget > 0 else { throw .invalid(field: "budget", problem: "\(budget) must be above 0") }
    guard multiples.count <= 1024 else {
      throw .invalid(field: "multiples", problem: "\(multiples.count), at most 1024")
    }
    let base = Double(net.complexity.multiplyAdds)
    var all: [ScalingCandidate] = []
    for strategy in strategies {
      for multiple in multiples {
        // Counts that cannot be met are left out.
        guard let found = try? net.scaled(toMultiplyAdds: base * multiple, strategy) else { continue }
        let complexity = found.net.complexity
        let seconds = model.seconds(complexity)
        if seconds <= budget {
          all.append(
            ScalingCandidate(
              net: found.net, strategy: strategy, scale: found.scale, complexity: complexity, seconds: seconds))
        }
      }
    }
    return ParetoFront.indices(all.map { ($0.seconds, Double($0.complexity.multiplyAdds)) }).map { all[$0] }
  }
}
