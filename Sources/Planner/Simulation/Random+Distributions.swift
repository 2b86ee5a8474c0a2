import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Random {
  /// The next number from the exponential distribution with this mean.
  mutating func exponential(mean: Double) -> Double { -log(1 - uniform()) * mean }

  /// The same of 1 − u in the place of the u drawn.
  mutating func mirroredExponential(mean: Double) -> Double { -log(uniform() + 0x1p-54) * mean }

  /// The next number whose logarithm is normal: with this median, and this deviation of the logarithm. Two draws.
  mutating func logNormal(median: Double, sigma: Double) -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return median * exp(sigma * radius * cos(2 * .pi * uniform()))
  }
}
