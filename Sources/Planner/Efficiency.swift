/// The fractions of a device's limits that an operator reaches.
public struct Efficiency: Sendable, Hashable, Codable {
  /// The fraction of the arithmetic rate, above 0 and at most 1.
  public var compute: Double
  /// The fraction of the memory's rate, above 0 and at most 1.
  public var memory: Double

  /// Fractions of both limits.
  public init(compute: Double = 1, memory: Double = 1) {
    self.compute = compute
    self.memory = memory
  }

  /// Whether both are fractions.
  var isValid: Bool { compute > 0 && compute <= 1 && memory > 0 && memory <= 1 }
}
