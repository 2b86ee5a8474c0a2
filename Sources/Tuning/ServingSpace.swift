import Formats
import Planner
import Profiling

/// Which values of which settings may be tried.
public struct ServingSpace: Sendable {
  /// The values of a setting; numbers ascend.
  public struct Dimension: Sendable, Hashable {
    /// The setting.
    public var parameter: ServingParameter
    /// Its values, as they are written.
    public var values: [String]

    /// A dimension.
    public init(_ parameter: ServingParameter, _ values: [String]) {
      (self.parameter, self.values) = (parameter, values)
    }
  }

  /// The dimensions.
  public let dimensions: [Dimension]
  /// The same for a search.
  public let parameters: ParameterSpace

  /// A space.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)`` for values that are none or there twice; `PlannerError`.
  public init(_ dimensions: [Dimension]) throws {
    let sorted = try dimensions.map { dimension in
      for value in dimension.values { try dimension.parameter.check(value) }
      guard !dimension.values.isEmpty, Set(dimension.values).count == dimension.values.count else {
        throw ProfilingError.invalidSetting(
          field: dimension.parameter.rawValue, problem: "has no values, or one of them twice")
      }
      guard dimension.parameter.range != nil else { return dimension }
      return Dimension(dimension.parameter, dimension.values.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) })
    }
    parameters = try ParameterSpace(
      sorted.map { dimension in
        let count = dimension.values.count
        return TunableParameter(
          dimension.parameter.rawValue, dimension.parameter.range != nil ? .ordered(count) : .choice(count))
      })
    self.dimensions = sorted
  }

  /// The usual values of a setting.
  public static func values(_ parameter: ServingParameter, processors: Int) -> [String] {
    switch parameter {
    case .batch: (0...6).map { "\(1 << $0)" }
    case .threads:
      Set((0...10).map { 1 << $0 }.filter { $0 <= processors } + [max(1, processors)]).sorted().map { "\($0)" }
    case .chunk: (5...10).map { "\(1 << $0)" }
    case .step: ["64", "128", "256", "512", "1024"]
    case .stepMilliseconds: ["20", "40", "80", "160", "320"]
    case .lookup: ["0", "4", "8"]
    case .cache, .compute: parameter.words
    }
  }

  /// All settings that change no answer, with their usual values.
  ///
  /// - Throws: nothing that these values have.
  public static func standard(processors: Int) throws -> ServingSpace {
    let chosen: [ServingParameter] = [.batch, .threads, .chunk, .stepMilliseconds, .lookup]
    return try ServingSpace(chosen.map { Dimension($0, values($0, processors: processors)) })
  }

  /// A space from a file: `{"batch": [1, 8, 64], "threads": [1, 2], "cache": ["f16", "q8"]}`.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``, which says of a setting that only other engines have why
  ///   there is none; `PlannerError`.
  public init(parsing bytes: [UInt8]) throws {
    guard bytes.count <= 1 << 20 else {
      throw ProfilingError.invalidSetting(field: "space", problem: "\(bytes.count) bytes, at most \(1 << 20)")
    }
    guard let members = try JSON(parsing: bytes).members else {
      throw ProfilingError.invalidSetting(
        field: "space", problem: "an object of settings with their values is expected")
    }
    try self.init(
      members.map { member in
        let parameter = try ServingParameter.named(member.key)
        guard let values = member.value.elements else {
          throw ProfilingError.invalidSetting(field: member.key, problem: "a list of values is expected")
        }
        return Dimension(parameter, values.map { $0.text ?? $0.line })
      })
  }

  /// The settings at a point.
  public func settings(_ point: ParameterSpace.Point) -> ServingSettings {
    var values: [ServingParameter: String] = [:]
    for (dimension, place) in zip(dimensions, point) {
      if let place, dimension.values.indices.contains(Int(place)) {
        values[dimension.parameter] = dimension.values[Int(place)]
      }
    }
    // The values were checked when the space was made.
    return (try? ServingSettings(values)) ?? ServingSettings()
  }

  /// The point nearest to what the engine does by itself.
  public func point(nearest settings: ServingSettings) -> ParameterSpace.Point {
    dimensions.map { dimension in
      guard let value = settings.values[dimension.parameter] else { return 0 }
      if let place = dimension.values.firstIndex(of: value) { return Double(place) }
      let number = Int(value) ?? 0
      return dimension.values.indices.min {
        abs((Int(dimension.values[$0]) ?? 0) - number) < abs((Int(dimension.values[$1]) ?? 0) - number)
      }.map(Double.init) ?? 0
    }
  }

  /// `{"batch": [1, 8, 64], …}`.
  public var json: JSON {
    .object(
      dimensions.map { dimension in
        JSON.Member(
          dimension.parameter.rawValue,
          .array(dimension.values.map { value in Int(value).map { .integer($0) } ?? .string(value) }))
      })
  }
}
