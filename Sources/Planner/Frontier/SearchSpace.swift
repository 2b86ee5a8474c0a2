/// Settings that can be tried: some values of each of some dimensions, all combinations of them.
public struct SearchSpace: Sendable, Hashable, Codable {
  /// A dimension.
  public struct Dimension: Sendable, Hashable, Codable {
    /// Its name.
    public var name: String
    /// Its values.
    public var values: [Int]

    /// A dimension.
    public init(_ name: String, _ values: [Int]) {
      self.name = name
      self.values = values
    }
  }

  /// The dimensions.
  public let dimensions: [Dimension]
  /// Combinations.
  public let count: Int

  /// A space.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no dimensions or more than 64, a dimension without values or with one
  ///   twice, a name twice, and more than a million combinations.
  public init(_ dimensions: [Dimension]) throws(PlannerError) {
    guard (1...64).contains(dimensions.count) else {
      throw .invalid(field: "space", problem: "\(dimensions.count) dimensions lie outside 1…64")
    }
    guard Set(dimensions.map(\.name)).count == dimensions.count else {
      throw .invalid(field: "space", problem: "a dimension is there twice")
    }
    var product = 1
    for dimension in dimensions {
      guard !dimension.values.isEmpty, Set(dimension.values).count == dimension.values.count else {
        throw .invalid(field: dimension.name, problem: "has no values, or one twice")
      }
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension.values.count)
      guard !overflow, next <= 1_000_000 else {
        throw .invalid(field: "space", problem: "more than a million combinations")
      }
      product = next
    }
    self.dimensions = dimensions
    count = product
  }

  /// The combination at a place, 0 up to ``count``; the last dimension changes first.
  public func point(_ place: Int) -> [Int] {
    var rest = place
    var values: [Int] = []
    for dimension in dimensions.reversed() {
      values.append(dimension.values[rest % dimension.values.count])
      rest /= dimension.values.count
    }
    return values.reversed()
  }

  /// The place of a combination; nothing where it is none of the space.
  public func place(_ point: [Int]) -> Int? {
    guard point.count == dimensions.count else { return nil }
    var place = 0
    for (value, dimension) in zip(point, dimensions) {
      guard let index = dimension.values.firstIndex(of: value) else { return nil }
      place = place * dimension.values.count + index
    }
    return place
  }
}
