import Formats

/// What a trial found; a failure has no throughput, and a reason.
public struct TrialResult: Sendable, Hashable {
  /// Generated tokens by the seconds from the first request to the last answer.
  public var tokensPerSecond: Double
  /// Those seconds.
  public var seconds: Double
  /// The time that 95 % of the answers did not exceed, in seconds from the beginning.
  public var latency95: Double
  /// The most memory of the process, in bytes.
  public var peakBytes: Int
  /// Evaluations of the model.
  public var steps: Int
  /// Sequences whose state had to go for want of memory.
  public var preemptions: Int
  /// Why it failed.
  public var failure: String?

  init(
    tokensPerSecond: Double, seconds: Double, latency95: Double, peakBytes: Int, steps: Int, preemptions: Int,
    failure: String? = nil
  ) {
    (self.tokensPerSecond, self.seconds, self.latency95) = (tokensPerSecond, seconds, latency95)
    (self.peakBytes, self.steps, self.preemptions, self.failure) = (peakBytes, steps, preemptions, failure)
  }

  /// A failure.
  static func failed(_ reason: String, after seconds: Double = 0) -> TrialResult {
    TrialResult(
      tokensPerSecond: 0, seconds: seconds, latency95: 0, peakBytes: 0, steps: 0, preemptions: 0, failure: reason)
  }

  /// `{"tokensPerSecond", "seconds", "latency95", …}`.
  public var json: JSON {
    [
      "tokensPerSecond": .rounded(tokensPerSecond), "seconds": .rounded(seconds), "latency95": .rounded(latency95),
      "peakBytes": .integer(peakBytes), "steps": .integer(steps), "preemptions": .integer(preemptions),
      "failure": failure.map { .string($0) } ?? .null,
    ]
  }

  /// A result as ``json`` has it; nothing where it is none.
  init?(_ json: JSON) {
    guard let rate = json["tokensPerSecond"]?.double, rate >= 0, rate.isFinite, let seconds = json["seconds"]?.double,
      let latency = json["latency95"]?.double, let bytes = json["peakBytes"]?.int, let steps = json["steps"]?.int,
      let preemptions = json["preemptions"]?.int
    else { return nil }
    self.init(
      tokensPerSecond: rate, seconds: seconds, latency95: latency, peakBytes: bytes, steps: steps,
      preemptions: preemptions, failure: json["failure"]?.text)
  }
}
