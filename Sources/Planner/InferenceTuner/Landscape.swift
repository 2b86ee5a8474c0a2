/// What was measured at every point of a grid, several times each.
///
/// Points are counted with the last axis changing first.
public struct Landscape: Sendable, Hashable {
  /// An axis of a grid.
  public struct Axis: Sendable, Hashable {
    /// What it is.
    public var name: String
    /// Its values, as they are shown.
    public var labels: [String]
    /// Whether values beside each other are neighbours; else all are.
    public var isOrdered: Bool

    /// An axis.
    public init(_ name: String, _ labels: [String], ordered: Bool = true) {
      (self.name, self.labels, isOrdered) = (name, labels, ordered)
    }
  }

  /// The most axes.
  public static let axisLimit = 6
  /// The most points.
  public static let pointLimit = 1 << 16

  /// The axes.
  public let axes: [Axis]
  /// The measurements of each point; 0 is a failure.
  public let repetitions: [[Double]]
  /// The median of each point.
  public let values: [Double]
  /// The standard deviation of one measurement, pooled over the points that were measured more than once and did not fail.
  public let deviation: Double

  /// A landscape.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no axes or more than six, more than 65,536 points, lists of another number,
  ///   points without a measurement, and values below 0 or that are none.
  public init(_ axes: [Axis], _ repetitions: [[Double]]) throws(PlannerError) {
    guard (1...Self.axisLimit).contains(axes.count) else {
      throw .invalid(field: "axes", problem: "\(axes.count) lie outside 1…\(Self.axisLimit)")
    }
    var count = 1
    for axis in axes {
      guard (1...Self.pointLimit).contains(axis.labels.count), count * axis.labels.count <= Self.pointLimit else {
        throw .invalid(field: axis.name, problem: "a grid of no points, or more than \(Self.pointLimit)")
      }
      count *= axis.labels.count
    }
    guard repetitions.count == count else {
      throw .invalid(field: "repetitions", problem: "\(repetitions.count) points where the grid has \(count)")
    }
    for (point, list) in repetitions.enumerated() {
      guard !list.isEmpty, list.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw .invalid(field: "repetitions[\(point)]", problem: "is empty, or holds what is no throughput")
      }
    }
    self.axes = axes
    self.repetitions = repetitions
    values = repetitions.map { Quantile.value(0.5, ofSorted: $0.sorted()) ?? 0 }
    var (squares, freedom) = (0.0, 0)
    for list in repetitions where list.count > 1 && list.contains(where: { $0 > 0 }) {
      let mean = list.reduce(0, +) / Double(list.count)
      squares += list.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      freedom += list.count - 1
    }
    deviation = freedom > 0 ? (squares / Double(freedom)).squareRoot() : 0
  }

  /// What must lie between two points for one to be higher: twice the pooled standard deviation.
  public var band: Double { 2 * deviation }

  /// The highest point, the first of several alike.
  public var maximum: Int { values.indices.max { values[$0] < values[$1] } ?? 0 }

  /// The places on the axes of a point.
  public func places(_ point: Int) -> [Int] {
    var (rest, places) = (point, [Int](repeating: 0, count: axes.count))
    for axis in axes.indices.reversed() {
      places[axis] = rest % axes[axis].labels.count
      rest /= axes[axis].labels.count
    }
    return places
  }

  /// The point at places.
  public func point(_ places: [Int]) -> Int {
    zip(places, axes).reduce(0) { $0 * $1.1.labels.count + $1.0 }
  }

  /// `batch 16, threads 2`.
  public func name(_ point: Int) -> String {
    zip(axes, places(point)).map { "\($0.name) \($0.labels[$1])" }.joined(separator: ", ")
  }

  /// The points one step away along one axis.
  func steps(_ point: Int) -> [Int] {
    let here = places(point)
    return axes.indices.flatMap { axis in
      moves(axis, here[axis]).map { place in
        var there = here
        there[axis] = place
        return self.point(there)
      }
    }
  }

  /// The points around one, those across corners among them.
  func neighbours(_ point: Int) -> [Int] {
    let here = places(point)
    var around: [[Int]] = [[]]
    for axis in axes.indices {
      let choices = [here[axis]] + moves(axis, here[axis])
      around = around.flatMap { places in choices.map { places + [$0] } }
    }
    return around.dropFirst().map { self.point($0) }
  }

  private func moves(_ axis: Int, _ place: Int) -> [Int] {
    let count = axes[axis].labels.count
    if axes[axis].isOrdered { return [place - 1, place + 1].filter { (0..<count).contains($0) } }
    return (0..<count).filter { $0 != place }
  }
}
