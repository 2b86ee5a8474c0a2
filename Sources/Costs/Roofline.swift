/// The two limits of an operator on a device (Williams, Waterman, Patterson: Roofline, 2009): it takes as long as the
/// slower of its arithmetic and its memory traffic, if both overlap perfectly.
public struct Roofline: Sendable, Hashable {
  /// What holds an operator up.
  public enum Bound: String, Sendable, Hashable, Codable, CaseIterable {
    /// Arithmetic.
    case compute
    /// Memory traffic.
    case memory
  }

  /// Operations a second.
  public var operationsPerSecond: Double
  /// Bytes a second.
  public var bytesPerSecond: Double

  /// A roofline from its two limits.
  public init(operationsPerSecond: Double, bytesPerSecond: Double) {
    self.operationsPerSecond = operationsPerSecond
    self.bytesPerSecond = bytesPerSecond
  }

  /// The roofline of a device at a precision; `nil` where the device does not compute in it.
  public init?(_ device: Device, _ precision: Precision) {
    guard let rate = device.compute[precision] else { return nil }
    self.init(operationsPerSecond: rate.value, bytesPerSecond: device.bandwidth.value)
  }

  /// The least seconds that `cost` takes.
  public func seconds(_ cost: OperationCost) -> Double {
    max(cost.flops / operationsPerSecond, cost.bytes / bytesPerSecond)
  }

  /// Which of the limits is met first.
  public func bound(_ cost: OperationCost) -> Bound {
    cost.flops / operationsPerSecond >= cost.bytes / bytesPerSecond ? .compute : .memory
  }
}
