#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a tuner may choose: named numbers within ranges, and choices among some values.
public struct SearchSpace: Sendable, Hashable {
  /// What a number may be.
  public enum Range: Sendable, Hashable {
    /// Evenly from the first to the second.
    case linear(Double, Double)
    /// Its logarithm evenly from the first's to the second's, both above 0.
    case logarithmic(Double, Double)
    /// One of these, all equally likely.
    case choice([Double])
  }

  /// A number that is chosen.
  public struct Dimension: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What it may be.
    public var range: Range

    /// A number of a name within a range.
    public init(_ name: String, _ range: Range) {
      self.name = name
      self.range = range
    }

    /// The number at a place from 0 to 1 of the range.
    public func value(at place: Double) -> Double {
      switch range {
      case .linear(let low, let high): low + (high - low) * place
      case .logarithmic(let low, let high): min(high, max(low, low * pow(high / low, place)))
      case .choice(let values): values[min(values.count - 1, max(0, Int(place * Double(values.count))))]
      }
    }
  }

  /// The numbers, in the order of a point's coordinates.
  public let dimensions: [Dimension]

  /// A space.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)`` for empty ranges, and names that occur twice.
  public init(_ dimensions: [Dimension]) throws(DataError) {
    var names: Set<String> = []
    for dimension in dimensions {
      guard names.insert(dimension.name).inserted else {
        throw .invalidOption(field: "space", value: dimension.name, expected: "each name once")
      }
      let isValid =
        switch dimension.range {
        case .linear(let low, let high): low.isFinite && high.isFinite && low <= high
        case .logarithmic(let low, let high): low > 0 && high.isFinite && low <= high
        case .choice(let values): !values.isEmpty && values.allSatisfy(\.isFinite)
        }
      guard isValid else {
        throw .invalidOption(
          field: dimension.name, value: "\(dimension.range)", expected: "a range that holds something")
      }
    }
    self.dimensions = dimensions
  }

  /// The numbers at a point of the unit cube, by name.
  ///
  /// - Precondition: a coordinate for each dimension.
  public func values(at point: [Double]) -> [String: Double] {
    precondition(point.count == dimensions.count, "\(point.count) coordinates in \(dimensions.count) dimensions")
    return Dictionary(
      uniqueKeysWithValues: zip(dimensions, point).map { ($0.name, $0.value(at: $1)) })
  }
}
