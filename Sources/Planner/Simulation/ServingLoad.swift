import NumericTypes

/// What a service is asked: when, and for how much.
public struct ServingLoad: Sendable, Hashable {
  /// The most requests of one load.
  public static let mostRequests = 1 << 24

  /// When requests arrive.
  public var arrivals: Arrivals
  /// Tokens of prompts.
  public var prompt: LengthDistribution
  /// Tokens of answers.
  public var output: LengthDistribution
  /// For how many seconds they arrive.
  public var seconds: Double

  /// A load from its parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``, also for more requests than can be simulated.
  public init(
    _ arrivals: Arrivals, prompt: LengthDistribution, output: LengthDistribution, seconds: Double
  ) throws(PlannerError) {
    try arrivals.validate()
    try prompt.validate("prompt")
    try output.validate("output")
    guard seconds > 0, seconds <= 1e7 else {
      throw .invalid(field: "seconds", problem: "\(seconds) lies outside 0…10⁷ s")
    }
    guard arrivals.rate * seconds <= Double(Self.mostRequests) / 2 else {
      throw .invalid(field: "rate", problem: "\(arrivals.rate) requests/s for \(seconds) s are more than 2²³ requests")
    }
    self.arrivals = arrivals
    self.prompt = prompt
    self.output = output
    self.seconds = seconds
  }

  /// The requests of a seed, in the order in which they arrive. Times, prompts and answers have streams of their own,
  /// so that another rate asks for the same sizes.
  public func requests(seed: UInt64) -> [SimulatedRequest] {
    var times = Random(seed: seed, stream: 1)
    var prompts = Random(seed: seed, stream: 2)
    var outputs = Random(seed: seed, stream: 3)
    return arrivals.times(until: seconds, random: &times).map { time in
      SimulatedRequest(arrival: time, promptTokens: prompt.next(&prompts), outputTokens: output.next(&outputs))
    }
  }
}
