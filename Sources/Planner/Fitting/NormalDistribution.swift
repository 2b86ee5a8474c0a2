#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The normal distribution.
enum NormalDistribution {
  /// The part of values that lie less than so many deviations above the mean, Φ.
  static func below(_ deviations: Double) -> Double { erfc(-deviations / 2.0.squareRoot()) / 2 }

  /// The place, in deviations above the mean, that this part of values lies below, Φ⁻¹, by halving.
  static func place(below share: Double) -> Double { Bisection.solve(in: -40...40, for: share, below) }
}
