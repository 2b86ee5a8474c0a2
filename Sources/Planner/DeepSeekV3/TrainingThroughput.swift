import Costs

/// What a training step's time says of a cluster: tokens a day, operations a second, the part of peak.
public struct TrainingThroughput: Sendable, Hashable {
  /// Tokens of a step.
  public var tokens: Double
  /// Its seconds.
  public var seconds: Double
  /// Operations of a token.
  public var operationsPerToken: Double
  /// Devices.
  public var devices: Int

  /// A step of `sequences` sequences of `length` tokens.
  ///
  /// - Parameters:
  ///   - shape: the model.
  ///   - sequences: sequences of a step.
  ///   - length: tokens of a sequence.
  ///   - seconds: the step's time.
  ///   - devices: devices that work on it.
  ///   - causal: whether of attention only what its mask shows is counted.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts and times that are none.
  public init(
    _ shape: TransformerShape, sequences: Int, length: Int, seconds: Double, devices: Int, causal: Bool
  ) throws(PlannerError) {
    for (field, count) in [("sequences", sequences), ("devices", devices)] where !(1...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 31)")
    }
    guard seconds > 0, seconds.isFinite else { throw .invalid(field: "seconds", problem: "\(seconds) is no time") }
    operationsPerToken = try shape.trainingOperationsPerToken(sequence: length, causal: causal)
    tokens = Double(sequences) * Double(length)
    self.seconds = seconds
    self.devices = devices
  }

  /// Tokens in 24 hours.
  public var tokensPerDay: Double { tokens * 86400 / seconds }
  /// Operations a second of each device.
  public var operationsPerSecond: Double { tokens * operationsPerToken / seconds / Double(devices) }

  /// The part of the device's rate (model FLOPs utilization).
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  public func utilization(of device: Device, _ precision: Precision = .bf16) throws(PlannerError) -> Double {
    guard let rate = device.compute[precision] else { throw .unsupportedPrecision(precision, device: device.name) }
    return operationsPerSecond / rate.value
  }
}
