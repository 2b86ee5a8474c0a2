import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The one-dimensional digits of Greydanus and Kobak: Scaling down deep learning with MNIST-1D, arXiv 2011.14439: ten
/// curves of twelve points, padded, dilated, scaled, moved, in noise, sheared, and sampled at forty points.
///
/// The numbers are this engine's own random ones, so that the samples are not those of the published file; what they are
/// drawn from is the same.
public struct MNIST1D: Sendable, Hashable {
  /// The samples, a tenth for each digit.
  public var samples = 5000
  /// The zeros that are put behind a curve.
  public var padding = 36...60
  /// The width of the factors around 1.
  public var scale = 0.4
  /// A curve moves by fewer points than this.
  public var translation = 48
  /// The deviation of the smooth noise beside a curve, before it is smoothed.
  public var smoothNoise = 0.25
  /// The deviation of the noise everywhere.
  public var noise = 2e-2
  /// The width of slopes around 0.
  public var shear = 0.75
  /// The points of a sample.
  public var length = 40

  /// The paper's settings.
  public init() {}

  private static let points: [[Double]] = [
    [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5], [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
    [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5], [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
    [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5], [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
    [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5], [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5], [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
  ]

  /// The curves, each of variance 1/36 and beginning at 0.
  public static let templates: [[Double]] = points.map { points in
    let count = Double(points.count)
    let mean = points.reduce(0, +) / count
    let deviation = (points.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    return points.map { ($0 - points[0]) / deviation / 6 }
  }

  /// Samples in an order of the seed's, all numbers together of mean 0 and deviation 1. The paper learns from the first four
  /// fifths and tests on the rest.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func table(seed: UInt64) throws(DataError) -> NumberTable {
    try validate()
    let each = samples / Self.templates.count
    var (values, targets): ([Double], [Double]) = ([], [])
    let order = Permutation(count: each * Self.templates.count, seed: seed, epoch: 0)
    for place in 0..<order.count {
      let (label, _) = order[place].quotientAndRemainder(dividingBy: each)
      // A stream for each sample: what it is does not depend on how many there are.
      var random = Random(seed: seed, stream: UInt64(order[place]) << 8 | DataStream.synthesis.rawValue)
      values += sample(label, &random)
      targets.append(Double(label))
    }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    for place in values.indices { values[place] = (values[place] - mean) / deviation }
    return try NumberTable(
      columns: length, values: values, targets: targets, classNames: (0..<Self.templates.count).map { "\($0)" })
  }

  private func validate() throws(DataError) {
    let rules = [
      ("samples", samples, 10...1 << 24), ("padding", padding.lowerBound, 1...1 << 16),
      ("padding", padding.upperBound, 1...1 << 16), ("translation", translation, 1...padding.upperBound),
      ("length", length, 2...1 << 16),
    ]
    for (field, value, range) in rules where !range.contains(value) {
      throw .invalidOption(field: field, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    for (field, value) in [("scale", scale), ("smoothNoise", smoothNoise), ("noise", noise), ("shear", shear)]
    where !(value >= 0 && value <= 1e6) {
      throw .invalidOption(field: field, value: "\(value)", expected: "from 0 to 10⁶")
    }
  }

  /// A sample of a digit, not yet brought to mean 0 and deviation 1.
  func sample(_ label: Int, _ random: inout Random) -> [Double] {
    // The curve is a little above 0 everywhere, so that it is told from what is put behind it.
    let curve = Self.templates[label].map { $0 + 1e-8 }
    let zeros = padding.lowerBound + Int(random.uniform() * Double(padding.count))
    let size = curve.count + padding.upperBound
    var x = Self.sampled(curve + [Double](repeating: 0, count: zeros), size)
    let factor = 1 + scale * (random.uniform() - 0.5)
    let move = Int(random.uniform() * Double(translation))
    x = (0..<size).map { x[($0 + size - move) % size] * factor }
    let smooth = Self.smoothed((0..<size).map { _ in smoothNoise * random.normal() })
    for place in 0..<size {
      if x[place] == 0 { x[place] = smooth[place] }
      x[place] += noise * random.normal()
    }
    let slope = shear * (random.uniform() - 0.5)
    for place in 0..<size { x[place] -= slope * (Double(place) / Double(size - 1) - 0.5) }
    return Self.sampled(x, length)
  }

  /// `count` numbers evenly along the line through `x`, its ends among them.
  static func sampled(_ x: [Double], _ count: Int) -> [Double] {
    (0..<count).map { place in
      let at = Double(place) * Double(x.count - 1) / Double(count - 1)
      let left = min(Int(at), x.count - 2)
      return x[left] + (at - Double(left)) * (x[left + 1] - x[left])
    }
  }

  /// `x` under a Gaussian of deviation 2 that is cut at four deviations; beyond the ends it is mirrored.
  static func smoothed(_ x: [Double]) -> [Double] {
    let radius = 8
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / 8) }
    let sum = weights.reduce(0, +)
    let period = 2 * x.count
    return x.indices.map { place in
      var value = 0.0
      for offset in -radius...radius {
        let at = ((place + offset) % period + period) % period
        value += weights[offset + radius] * x[at < x.count ? at : period - 1 - at]
      }
      return value / sum
    }
  }
}
