import Formats

/// Reads the fields of an object of a request; every refusal names the field and the value.
///
/// A field that is `null` counts as absent, fields that nobody asks for are passed over, and one that is there twice is
/// refused: which of the two counts would depend on who reads.
struct FieldReader {
  /// Where the object stands, empty for the request itself.
  let path: String
  private let fields: [String: JSON]

  /// The fields of a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(body: [UInt8], limits: RequestLimits) throws(RequestFailure) {
    let value: JSON
    do throws(JSONError) { value = try JSON(parsing: body, values: limits.jsonValues) } catch {
      throw .malformed("the body is \(error)")
    }
    guard case .object = value else { throw .malformed("the body must be a JSON object, not \(Self.kind(value))") }
    try self.init(value, path: "")
  }

  /// The fields of a value that must be an object.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ value: JSON, path: String) throws(RequestFailure) {
    guard case .object(let members) = value else {
      throw .invalid(path, "must be an object, not \(Self.kind(value))")
    }
    var fields: [String: JSON] = [:]
    for member in members where fields.updateValue(member.value, forKey: member.key) != nil {
      let name = Self.quoted(member.key)
      throw .invalid(path.isEmpty ? name : "\(path).\(name)", "is there twice")
    }
    self.path = path
    self.fields = fields
  }

  /// All fields, in no order that means something.
  var members: [JSON.Member] { fields.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) } }

  /// The full name of a field.
  func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Whether a field is there and not `null`.
  func has(_ key: String) -> Bool { self[key] != nil }

  /// A field's value, unless it is `null`.
  subscript(key: String) -> JSON? {
    guard let value = fields[key], value != .null else { return nil }
    return value
  }

  /// The value of the first of several names of a field that is there; those of the others must be right too.
  func first<Value>(
    of keys: [String], _ read: (String) throws(RequestFailure) -> Value?
  ) throws(RequestFailure) -> Value? {
    var first: Value?
    for key in keys {
      let value = try read(key)
      first = first ?? value
    }
    return first
  }

  /// A text.
  func text(_ key: String) throws(RequestFailure) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw mismatch(key, "a string", value) }
    return text
  }

  /// A truth value.
  func bool(_ key: String) throws(RequestFailure) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let isOn) = value else { throw mismatch(key, "true or false", value) }
    return isOn
  }

  /// An integer in a range.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(RequestFailure) -> Int? {
    guard let value = self[key] else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw mismatch(key, "an integer \(Self.words(range))", value)
    }
    return number
  }

  /// A number in a range.
  func double(_ key: String, in range: ClosedRange<Double>) throws(RequestFailure) -> Double? {
    guard let value = self[key] else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw mismatch(key, "a number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  /// A number in a range, as near as a Float comes.
  func number(_ key: String, in range: ClosedRange<Double>) throws(RequestFailure) -> Float? {
    try double(key, in: range).map { Float($0) }
  }

  /// An array of at most so many elements.
  func array(_ key: String, most: Int) throws(RequestFailure) -> [JSON]? {
    guard let value = self[key] else { return nil }
    guard case .array(let elements) = value else { throw mismatch(key, "an array", value) }
    if elements.count > most {
      throw .invalid(name(key), "has \(elements.count) elements; at most \(most) are taken")
    }
    return elements
  }

  /// An object.
  func object(_ key: String) throws(RequestFailure) -> FieldReader? {
    guard let value = self[key] else { return nil }
    return try FieldReader(value, path: name(key))
  }

  /// A field that must be there.
  func required<Value>(_ key: String, _ value: Value?) throws(RequestFailure) -> Value {
    guard let value else { throw .invalid(name(key), "is missing", code: "missing_field") }
    return value
  }

  /// Refuses a field unless its value is one of those that change nothing.
  func refuse(_ key: String, unless harmless: [JSON], _ reason: String) throws(RequestFailure) {
    guard let value = self[key], !harmless.contains(value) else { return }
    throw .invalid(name(key), "\(Self.shown(value)) \(reason)", code: "unsupported_value")
  }

  private func mismatch(_ key: String, _ expected: String, _ value: JSON) -> RequestFailure {
    .invalid(name(key), "\(Self.shown(value)) is not \(expected)")
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }

  /// The beginning of a value, as JSON.
  static func shown(_ value: JSON) -> String {
    switch value {
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    case .string(let text): "\"\(quoted(text))\""
    default: value.line
    }
  }

  /// The beginning of a text, without characters that command.
  static func quoted(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(64) {
      let commands =
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.properties.generalCategory == .format
      out.append(commands ? "\u{FFFD}" : scalar)
    }
    return String(out) + (text.unicodeScalars.dropFirst(64).isEmpty ? "" : "…")
  }

  private static func kind(_ value: JSON) -> String {
    switch value {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
