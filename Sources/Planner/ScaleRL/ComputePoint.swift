/// A pass rate at some compute.
public struct ComputePoint: Sendable, Hashable, Codable {
  /// Compute, in any unit, above 0.
  public var compute: Double
  /// The pass rate, 0…1.
  public var rate: Double

  /// A point.
  public init(compute: Double, rate: Double) {
    self.compute = compute
    self.rate = rate
  }
}
