/// A way between devices: a message of n bytes takes α + n/β (Hockney's model).
public struct Link: Sendable, Hashable, Codable {
  /// Seconds before a message's first byte arrives, α.
  public var latency: Double
  /// Bytes a second in one direction, β.
  public var bandwidth: Double

  /// A link.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a latency below zero or a bandwidth that is not above it.
  public init(latency: Double, bandwidth: Double) throws(PlannerError) {
    guard latency >= 0, latency.isFinite else {
      throw .invalid(field: "latency", problem: "\(latency) s is no time")
    }
    guard bandwidth > 0, bandwidth.isFinite else {
      throw .invalid(field: "bandwidth", problem: "\(bandwidth) B/s is not above zero")
    }
    self.init(checked: latency, bandwidth)
  }

  init(checked latency: Double, _ bandwidth: Double) {
    self.latency = latency
    self.bandwidth = bandwidth
  }

  /// Seconds of a message.
  public func seconds(_ bytes: Double) -> Double { latency + bytes / bandwidth }
}
