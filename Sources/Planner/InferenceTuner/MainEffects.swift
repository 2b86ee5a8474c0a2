/// The parts of a grid's variance that single axes, and pairs of them, explain: a functional analysis of variance with all points
/// alike (Hooker: Discovering additive structure in black box functions, 2004).
public struct MainEffects: Sendable, Hashable {
  /// The part of each axis, 0…1; all 0 where nothing varies.
  public let shares: [Double]
  /// The part of each pair beyond its axes' own, in the order (0, 1), (0, 2), …, (1, 2), ….
  public let pairs: [Double]
  /// The variance of all points.
  public let variance: Double

  /// The effects of a grid with so many places on each axis, the last changing first.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a number of values that is not the grid's.
  public init(_ values: [Double], _ counts: [Int]) throws(PlannerError) {
    var product = 1
    for count in counts {
      guard count > 0, count <= values.count, product <= values.count else {
        throw .invalid(field: "counts", problem: "\(counts) is no grid of \(values.count) values")
      }
      product *= count
    }
    guard !counts.isEmpty, product == values.count, values.allSatisfy(\.isFinite) else {
      throw .invalid(field: "counts", problem: "\(counts) is no grid of \(values.count) values")
    }
    self.init(checked: values, counts)
  }

  init(checked values: [Double], _ counts: [Int]) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    var strides = [Int](repeating: 1, count: counts.count)
    for axis in counts.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * counts[axis + 1] }
    /// Variance of the means over all other axes.
    func spread(_ axes: [Int]) -> Double {
      let size = axes.reduce(1) { $0 * counts[$1] }
      var sums = [Double](repeating: 0, count: size)
      for (point, value) in values.enumerated() {
        sums[axes.reduce(0) { $0 * counts[$1] + point / strides[$1] % counts[$1] }] += value - mean
      }
      let each = Double(values.count / size)
      return sums.reduce(0) { $0 + $1 / each * ($1 / each) } / Double(size)
    }
    let single = counts.indices.map { spread([$0]) }
    var pairs: [Double] = []
    for first in counts.indices {
      for second in counts.indices where second > first {
        pairs.append(max(0, spread([first, second]) - single[first] - single[second]))
      }
    }
    self.variance = variance
    shares = single.map { variance > 0 ? $0 / variance : 0 }
    self.pairs = pairs.map { variance > 0 ? $0 / variance : 0 }
  }

  /// The axis that explains most; nothing where none explains anything.
  public var strongest: Int? {
    shares.indices.max { shares[$0] < shares[$1] }.flatMap { shares[$0] > 0 ? $0 : nil }
  }
}
