/// What a trial must keep to; one that does not counts as a failure.
public struct TrialLimits: Sendable, Hashable {
  /// The most seconds of 95 % of the answers.
  public var latency95: Double?
  /// The most bytes of the process.
  public var bytes: Int?

  /// Limits.
  public init(latency95: Double? = nil, bytes: Int? = nil) { (self.latency95, self.bytes) = (latency95, bytes) }

  /// The throughput that counts.
  public func value(_ result: TrialResult) -> Double { problem(result) == nil ? result.tokensPerSecond : 0 }

  /// Why a result counts as nothing.
  public func problem(_ result: TrialResult) -> String? {
    if let failure = result.failure { return failure }
    if let latency95, result.latency95 > latency95 { return "latency over the limit" }
    if let bytes, result.peakBytes > bytes { return "memory over the limit" }
    return nil
  }
}
