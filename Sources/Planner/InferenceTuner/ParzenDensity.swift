import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How likely values of one parameter are, by those that were seen: a normal kernel for each, and a wide one for what nobody has
/// tried.
struct ParzenDensity {
  private struct Kernel {
    var centre: Double
    var width: Double
    /// The parts of the normal distribution below the ends of the range.
    var below: Double
    var inside: Double
  }

  private let domain: TunableParameter.Domain
  private var low = 0.0
  private var high = 0.0
  private var kernels: [Kernel] = []
  /// The share of each value, where values can be counted.
  private var shares: [Double] = []

  /// The density of a parameter after it had `values`.
  init(_ domain: TunableParameter.Domain, _ values: [Double]) {
    self.domain = domain
    switch domain {
    case .choice(let count):
      shares = [Double](repeating: 1, count: count)
      for value in values { shares[Int(value)] += 1 }
      let sum = Double(count + values.count)
      for place in shares.indices { shares[place] /= sum }
    case .continuous(let range):
      (low, high) = (range.lowerBound, range.upperBound)
      kernels = Self.kernels(values, low, high, narrowest: 0)
    case .ordered(let count):
      // Each place is as wide as one; a kernel narrower than half of that would see its own place alone.
      (low, high) = (-0.5, Double(count) - 0.5)
      kernels = Self.kernels(values, low, high, narrowest: 0.5)
      shares = (0..<count).map { place in
        kernels.reduce(0) { sum, kernel in
          let ends = (Double(place) - 0.5, Double(place) + 0.5)
          let mass =
            NormalDistribution.below((ends.1 - kernel.centre) / kernel.width)
            - NormalDistribution.below((ends.0 - kernel.centre) / kernel.width)
          return sum + mass / kernel.inside
        } / Double(kernels.count)
      }
    }
  }

  /// Kernels as wide as the way to the farther neighbour, with that of the whole range among them.
  private static func kernels(_ values: [Double], _ low: Double, _ high: Double, narrowest: Double) -> [Kernel] {
    let range = high - low
    let centre = (low + high) / 2
    // The whole range comes first among equals.
    let all = ([(centre, true)] + values.map { ($0, false) }).sorted { $0.0 < $1.0 }
    let least = max(narrowest, range / Double(min(100, values.count + 2)))
    return all.indices.map { index in
      var width = range
      if !all[index].1 {
        let left = index > 0 ? all[index].0 - all[index - 1].0 : 0
        let right = index + 1 < all.count ? all[index + 1].0 - all[index].0 : 0
        width = min(range, max(least, max(left, right)))
      }
      let below = NormalDistribution.below((low - all[index].0) / width)
      let inside = NormalDistribution.below((high - all[index].0) / width) - below
      return Kernel(centre: all[index].0, width: width, below: below, inside: inside)
    }
  }

  /// The logarithm of the density at a value, or of its share.
  func logarithm(_ value: Double) -> Double {
    if !shares.isEmpty { return log(shares[Int(value)]) }
    let sum = kernels.reduce(0.0) { sum, kernel in
      let off = (value - kernel.centre) / kernel.width
      return sum + exp(-off * off / 2) / (kernel.width * kernel.inside)
    }
    return log(sum / Double(kernels.count))
  }

  /// A value by the density.
  func draw(using random: inout Random) -> Double {
    if case .continuous = domain {
      let kernel = kernels[min(kernels.count - 1, Int(random.uniform() * Double(kernels.count)))]
      let share = kernel.below + random.uniform() * kernel.inside
      return min(high, max(low, kernel.centre + kernel.width * NormalDistribution.place(below: share)))
    }
    var rest = random.uniform()
    for (place, share) in shares.enumerated() {
      rest -= share
      if rest < 0 { return Double(place) }
    }
    return Double(shares.count - 1)
  }
}
