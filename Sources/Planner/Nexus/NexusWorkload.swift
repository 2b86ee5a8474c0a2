import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension LengthDistribution {
  /// The log-normal lengths that come nearest to a mean and three quantiles: least squares of the four logarithms.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for figures that are not above zero, or quantiles that do not ascend.
  public static func logNormal(
    mean: Double, median: Double, p95: Double, p99: Double
  ) throws(PlannerError) -> LengthDistribution {
    for (field, value) in [("mean", mean), ("median", median), ("p95", p95), ("p99", p99)]
    where !(value >= 1 && value <= 0x1p24) {
      throw .invalid(field: field, problem: "\(value) tokens lie outside 1…2²⁴")
    }
    guard median <= p95, p95 <= p99 else {
      throw .invalid(field: "p95", problem: "\(median), \(p95) and \(p99) tokens do not ascend")
    }
    // The standard normal distribution's quantiles.
    let (z95, z99) = (1.6448536269514722, 2.3263478740408408)
    let wanted = [log(mean), log(median), log(p95), log(p99)]
    let fit = try CurveFit(start: [wanted[1], 0.5], bounds: [0...log(0x1p24), 0...5]) { place in
      let (middle, sigma) = (place[0], place[1])
      return zip([middle + sigma * sigma / 2, middle, middle + z95 * sigma, middle + z99 * sigma], wanted).map {
        $0 - $1
      }
    }
    return .logNormal(median: exp(fit.parameters[0]), sigma: fit.parameters[1])
  }
}

/// What Nexus was measured with: lengths of prompts and answers by the paper's mean, median, P95 and P99.
public enum NexusWorkload: String, Sendable, Hashable, Codable, CaseIterable {
  /// Long documents.
  case longData = "long-data"
  /// Papers to sum up.
  case arXiv = "arxiv"
  /// Conversations.
  case shareGPT = "sharegpt"
  /// 60 % conversations, 40 % long documents.
  case mixed

  /// Lengths of a prompt and its answer.
  public struct Lengths: Sendable, Hashable {
    /// Tokens of prompts.
    public var prompt: LengthDistribution
    /// Tokens of answers.
    public var output: LengthDistribution
  }

  /// The kinds of requests, with the part of all that each is.
  ///
  /// - Throws: ``PlannerError``.
  public func parts() throws(PlannerError) -> [(share: Double, lengths: Lengths)] {
    func lengths(
      _ prompt: (Double, Double, Double, Double), _ output: (Double, Double, Double, Double)
    ) throws(PlannerError) -> Lengths {
      Lengths(
        prompt: try .logNormal(mean: prompt.0, median: prompt.1, p95: prompt.2, p99: prompt.3),
        output: try .logNormal(mean: output.0, median: output.1, p95: output.2, p99: output.3))
    }
    switch self {
    case .longData: return [(1, try lengths((5905, 5461, 9292, 9817), (180, 159, 339, 454)))]
    case .arXiv: return [(1, try lengths((3832, 3575, 6460, 6894), (200, 181, 357, 443)))]
    case .shareGPT: return [(1, try lengths((496, 432, 970, 1367), (97, 37, 383, 474)))]
    case .mixed:
      return [
        (0.6, try NexusWorkload.shareGPT.parts()[0].lengths), (0.4, try NexusWorkload.longData.parts()[0].lengths),
      ]
    }
  }

  /// Requests that arrive at random, `rate` a second. Times, kinds, prompts and answers have streams of their own, so that another
  /// rate asks for the same sizes.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` as ``ServingLoad``.
  public func requests(rate: Double, seconds: Double, seed: UInt64) throws(PlannerError) -> [SimulatedRequest] {
    let parts = try parts()
    let arrivals = Arrivals.poisson(rate: rate)
    // For its checks.
    _ = try ServingLoad(
      arrivals, prompt: parts[0].lengths.prompt, output: parts[0].lengths.output, seconds: seconds)
    var times = Random(seed: seed, stream: 1)
    var prompts = Random(seed: seed, stream: 2)
    var outputs = Random(seed: seed, stream: 3)
    var kinds = Random(seed: seed, stream: 4)
    return arrivals.times(until: seconds, random: &times).map { time in
      let lengths = parts[kinds.uniform() < parts[0].share ? 0 : parts.count - 1].lengths
      return SimulatedRequest(
        arrival: time, promptTokens: lengths.prompt.next(&prompts), outputTokens: lengths.output.next(&outputs))
    }
  }
}
