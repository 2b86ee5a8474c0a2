/// A JSON value that keeps the order of its members; what the command prints and what peers answer.
///
/// Writing cannot fail: a number that is not finite is written as `null`.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// A name and its value.
  public struct Member: Sendable, Equatable {
    /// The name.
    public var key: String
    /// The value.
    public var value: JSON

    /// A member from its parts.
    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The first member named `key` of an object; `nil` where there is none.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The value as a number, integers included.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value as an integer, if it is a whole number that fits.
  public var int: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The value as a string.
  public var text: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements of an array.
  public var elements: [JSON]? { if case .array(let values) = self { values } else { nil } }

  /// The members of an object.
  public var members: [Member]? { if case .object(let values) = self { values } else { nil } }

  /// A number rounded to `digits` significant digits, so that output is readable and repeatable.
  public static func rounded(_ value: Double, digits: Int = 6) -> JSON {
    guard value.isFinite else { return .null }
    guard value != 0 else { return .number(0) }
    var exponent = 0
    var magnitude = value.magnitude
    while magnitude >= 10, exponent < 400 { (magnitude, exponent) = (magnitude / 10, exponent + 1) }
    while magnitude < 1, exponent > -400 { (magnitude, exponent) = (magnitude * 10, exponent - 1) }
    // Division by a power of ten is rounded once, where a product with its inverse would be rounded twice.
    let shift = digits - 1 - exponent
    if shift.magnitude > 300 { return .number(value) }
    let power = (0..<shift.magnitude).reduce(1.0) { power, _ in power * 10 }
    return .number(shift >= 0 ? (value * power).rounded() / power : (value / power).rounded() * power)
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object, its members in the order written.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}
