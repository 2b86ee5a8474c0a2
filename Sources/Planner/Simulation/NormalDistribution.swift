#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The normal distribution, and the functions that come with it.
enum NormalDistribution {
  /// The part of values below `deviations` from the mean.
  static func below(_ deviations: Double) -> Double { erfc(-deviations / 2.0.squareRoot()) / 2 }

  static func logarithm(_ value: Double) -> Double { log(value) }

  static func exponential(_ value: Double) -> Double { exp(value) }
}
