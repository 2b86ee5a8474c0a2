import NumericTypes

/// All that a search may choose from.
///
/// A point has a number for each parameter: a value of a range, or the place of a value; nothing where the parameter means
/// nothing beside the others.
public struct ParameterSpace: Sendable, Hashable {
  /// A point of a space.
  public typealias Point = [Double?]

  /// The most parameters, values of one, and points that are counted.
  public static let parameterLimit = 32
  /// The most values of a parameter.
  public static let valueLimit = 4096
  /// The most points of a space that can be gone through.
  public static let pointLimit = 1 << 16

  /// The parameters; a condition looks only at those before.
  public let parameters: [TunableParameter]
  /// Every point, the last parameter changing first; nothing for a space with a range, or with more than ``pointLimit``.
  public let points: [Point]?

  /// A space.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no parameters or more than 32, a name twice, no values or more than 4096, a
  ///   range that is none, and a condition on a later parameter, a range, or places that are not there.
  public init(_ parameters: [TunableParameter]) throws(PlannerError) {
    guard (1...Self.parameterLimit).contains(parameters.count) else {
      throw .invalid(field: "space", problem: "\(parameters.count) parameters lie outside 1…\(Self.parameterLimit)")
    }
    guard Set(parameters.map(\.name)).count == parameters.count else {
      throw .invalid(field: "space", problem: "a parameter is there twice")
    }
    for (index, parameter) in parameters.enumerated() {
      switch parameter.domain {
      case .continuous(let range):
        guard range.lowerBound.isFinite, range.upperBound.isFinite, range.upperBound > range.lowerBound,
          (range.upperBound - range.lowerBound).isFinite
        else { throw .invalid(field: parameter.name, problem: "\(range) is no range to choose from") }
      case .ordered(let count), .choice(let count):
        guard (1...Self.valueLimit).contains(count) else {
          throw .invalid(field: parameter.name, problem: "\(count) values lie outside 1…\(Self.valueLimit)")
        }
      }
      guard let condition = parameter.condition else { continue }
      guard (0..<index).contains(condition.parameter), let count = parameters[condition.parameter].domain.count,
        !condition.places.isEmpty, condition.places.allSatisfy({ (0..<count).contains($0) })
      else {
        throw .invalid(field: parameter.name, problem: "depends on what is no value of a parameter before it")
      }
    }
    self.parameters = parameters
    points = Self.enumerate(parameters)
  }

  /// How many points there are, where they can be counted.
  public var count: Int? { points?.count }

  /// Whether a parameter means something at a point.
  public func isActive(_ index: Int, at point: Point) -> Bool {
    guard let condition = parameters[index].condition else { return true }
    return point[condition.parameter].map { condition.places.contains(Int($0)) } ?? false
  }

  /// Whether a point is one of the space.
  public func contains(_ point: Point) -> Bool {
    guard point.count == parameters.count else { return false }
    for (index, parameter) in parameters.enumerated() {
      guard let value = point[index] else {
        if isActive(index, at: point) { return false }
        continue
      }
      let isInside =
        switch parameter.domain {
        case .continuous(let range): range.contains(value)
        case .ordered(let count), .choice(let count):
          value >= 0 && value < Double(count) && value == value.rounded(.down)
        }
      guard isInside, isActive(index, at: point) else { return false }
    }
    return true
  }

  /// A point at random, each parameter's values alike.
  public func random(using random: inout Random) -> Point {
    fill { index in
      switch parameters[index].domain {
      case .continuous(let range):
        min(range.upperBound, range.lowerBound + random.uniform() * (range.upperBound - range.lowerBound))
      case .ordered(let count), .choice(let count):
        min(Double(count - 1), (random.uniform() * Double(count)).rounded(.down))
      }
    }
  }

  /// A point whose parameters, from the first to the last, `value` chooses; it is not asked about those that mean nothing.
  func fill(_ value: (Int) -> Double) -> Point {
    var point = Point(repeating: nil, count: parameters.count)
    for index in parameters.indices where isActive(index, at: point) { point[index] = value(index) }
    return point
  }

  /// The point nearest to one with a parameter changed: what follows from that keeps its value or gets its first.
  func changed(_ point: Point, _ index: Int, to value: Double) -> Point {
    fill { other in
      if other == index { return value }
      if let known = point[other] { return known }
      if case .continuous(let range) = parameters[other].domain { return (range.lowerBound + range.upperBound) / 2 }
      return 0
    }
  }

  private static func enumerate(_ parameters: [TunableParameter]) -> [Point]? {
    var points: [Point] = [[]]
    for parameter in parameters {
      guard let count = parameter.domain.count else { return nil }
      var longer: [Point] = []
      for point in points {
        let isActive =
          parameter.condition.map { condition in
            point[condition.parameter].map { condition.places.contains(Int($0)) } ?? false
          } ?? true
        if isActive {
          for place in 0..<count { longer.append(point + [Double(place)]) }
        } else {
          longer.append(point + [nil])
        }
        if longer.count > pointLimit { return nil }
      }
      points = longer
    }
    return points
  }
}
