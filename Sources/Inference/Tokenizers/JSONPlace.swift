import Formats

/// A value of a JSON file and where it stands, for errors that name the place.
struct JSONPlace {
  let json: JSON
  let place: String

  init(_ json: JSON, _ place: String) {
    self.json = json
    self.place = place
  }

  func failure(_ problem: String) -> FormatError { .inconsistent(field: place, offset: nil, problem: problem) }

  private func wrong(_ expected: String) -> FormatError {
    failure("is \(Self.name(json)), expected \(expected)")
  }

  private static func name(_ json: JSON) -> String {
    switch json {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(60))\""
    case .array(let values): "an array of \(values.count)"
    case .object(let members): "an object of \(members.count) members"
    }
  }

  /// The members, none of which may come twice.
  func object() throws(FormatError) -> JSONMembers {
    guard let members = json.members else { throw wrong("an object") }
    var seen: [String: JSON] = [:]
    for member in members {
      if seen.updateValue(member.value, forKey: member.key) != nil {
        throw failure("the member \"\(member.key.prefix(60))\" comes twice")
      }
    }
    return JSONMembers(values: seen, place: place)
  }

  func array() throws(FormatError) -> [JSONPlace] {
    guard let elements = json.elements else { throw wrong("an array") }
    return elements.enumerated().map { JSONPlace($1, "\(place)[\($0)]") }
  }

  func string() throws(FormatError) -> String {
    guard let text = json.text else { throw wrong("a string") }
    return text
  }

  func bool() throws(FormatError) -> Bool {
    guard case .bool(let value) = json else { throw wrong("true or false") }
    return value
  }

  func int(in range: ClosedRange<Int>) throws(FormatError) -> Int {
    guard let value = json.int, range.contains(value) else {
      throw wrong("an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func double() throws(FormatError) -> Double {
    guard let value = json.double else { throw wrong("a number") }
    return value
  }
}

/// The members of an object.
struct JSONMembers {
  fileprivate let values: [String: JSON]
  let place: String

  fileprivate init(values: [String: JSON], place: String) {
    self.values = values
    self.place = place
  }

  /// The value of a member; nothing where there is none, or null.
  subscript(key: String) -> JSONPlace? {
    guard let value = values[key], value != .null else { return nil }
    return JSONPlace(value, place.hasSuffix(".json") ? "\(place): \(key)" : "\(place).\(key)")
  }

  func required(_ key: String) throws(FormatError) -> JSONPlace {
    guard let value = self[key] else {
      throw .missingKey(field: place.hasSuffix(".json") ? "\(place): \(key)" : "\(place).\(key)")
    }
    return value
  }

  func failure(_ problem: String) -> FormatError { .inconsistent(field: place, offset: nil, problem: problem) }

  func bool(_ key: String, default value: Bool) throws(FormatError) -> Bool {
    guard let member = self[key] else { return value }
    return try member.bool()
  }
}
