/// How repetitions of a query become one figure. Contention only ever makes them longer.
public enum Denoising: String, Sendable, Hashable, CaseIterable, Codable {
  /// Their mean: what a plain fit does.
  case mean
  /// The least of them.
  case minimum
  /// The least of them, less what the least of so many is too long on the average: (mean − least) / (n − 1), the unbiased
  /// beginning of an exponential distribution.
  case beginning

  /// The figure of at least one value.
  func figure(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    guard self != .mean, let least = values.min() else { return mean }
    guard self == .beginning, values.count > 1 else { return least }
    return max(0, least - (mean - least) / Double(values.count - 1))
  }
}
