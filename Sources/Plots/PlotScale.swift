#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// From values to places along an axis, and the values that get a tick.
struct PlotScale {
  /// The values with a tick, ascending.
  let ticks: [Double]
  private let isLogarithmic: Bool
  private let low: Double
  private let high: Double

  /// A scale that shows all of `values`; those that a logarithm does not have are left out.
  ///
  /// - Parameter own: whether the values themselves get the ticks, as sizes do, rather than round numbers.
  init(_ values: [Double], logarithmic: Bool, own: Bool = false) {
    isLogarithmic = logarithmic
    let finite = values.filter { $0.isFinite && (!logarithmic || $0 > 0) }
    let least = finite.min() ?? (logarithmic ? 1 : 0)
    let most = finite.max() ?? 1
    let distinct = Set(finite).sorted()
    if own, distinct.count <= 9, distinct.count > 1 {
      (low, high, ticks) = (least, most, distinct)
    } else if logarithmic {
      let numbers = Self.roundNumbers(from: least, to: most)
      (low, high) = (numbers.first ?? least, numbers.last ?? most)
      // Over several powers of ten they alone have ticks.
      ticks = numbers.count > 7 ? numbers.filter { Self.isPowerOfTen($0) } : numbers
    } else {
      let step = Self.roundStep(most - min(0, least))
      let top = (most / step).rounded(.up) * step
      let bottom = (min(0, least) / step).rounded(.down) * step
      (low, high) = (bottom, top > bottom ? top : bottom + step)
      ticks = stride(from: bottom, through: high + step / 2, by: step).map { ($0 / step).rounded() * step }
    }
  }

  /// Where a value lies between the ends, 0…1.
  func place(_ value: Double) -> Double {
    if isLogarithmic {
      guard value > 0, high > low else { return 0 }
      return min(1, max(0, log(value / low) / log(high / low)))
    }
    return high > low ? min(1, max(0, (value - low) / (high - low))) : 0
  }

  /// 1, 2 and 5 times powers of ten around the values.
  private static func roundNumbers(from least: Double, to most: Double) -> [Double] {
    let powers = Int(log10(least).rounded(.down))...max(Int(log10(least).rounded(.down)), Int(log10(most).rounded(.up)))
    let all = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
    let start = all.lastIndex { $0 <= least * 1.000001 } ?? 0
    let end = all.firstIndex { $0 >= most * 0.999999 } ?? all.count - 1
    return Array(all[start...max(start, end)])
  }

  private static func isPowerOfTen(_ number: Double) -> Bool {
    let power = log10(number)
    return (power - power.rounded()).magnitude < 1e-6
  }

  /// A step of 1, 2 or 5 times a power of ten, some five of which make `span`.
  private static func roundStep(_ span: Double) -> Double {
    guard span > 0 else { return 1 }
    let rough = span / 5
    let power = pow(10, log10(rough).rounded(.down))
    return ([1, 2, 5].first { $0 * power >= rough } ?? 10) * power
  }
}
