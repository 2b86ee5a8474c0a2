import Formats

extension JSON {
  /// A count that was reckoned as a floating-point number, to the nearest whole one.
  static func whole(_ value: Double) -> JSON { Int(exactly: value.rounded()).map { .integer($0) } ?? .number(value) }
}
