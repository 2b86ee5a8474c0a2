import Formats
import NumericTypes

/// The fields of a section, each asked for by name; what nobody asked for is unknown.
package struct ConfigurationFields {
  /// The section's name, such as `optimizer`; empty for the whole.
  package let path: String
  private let members: [JSON.Member]
  private var known: [String] = []

  /// The fields of `value`.
  ///
  /// - Throws: ``ConfigurationError/invalid(field:value:expected:)`` for what is no section.
  package init(_ value: JSON, path: String = "") throws(ConfigurationError) {
    guard let members = value.members else {
      throw .invalid(
        field: path.isEmpty ? "the configuration" : path, value: Self.text(value), expected: "a section with fields")
    }
    self.path = path
    self.members = members
  }

  /// The names of all fields, for a section whose fields are not known beforehand.
  package var names: [String] { members.map(\.key) }

  /// The full name of a field.
  package func name(_ field: String) -> String { path.isEmpty ? field : "\(path).\(field)" }

  private static func text(_ value: JSON) -> String {
    let line = value.line
    return line.utf8.count <= 64 ? line : String(line.prefix(60)) + "…"
  }

  private func invalid(_ field: String, _ value: JSON, _ expected: String) -> ConfigurationError {
    .invalid(field: name(field), value: Self.text(value), expected: expected)
  }

  /// The value of a field; nothing where it is not there or null.
  package mutating func value(_ field: String) -> JSON? {
    known.append(field)
    let value = members.first { $0.key == field }?.value
    return value == .null ? nil : value
  }

  private func missing(_ field: String) -> ConfigurationError {
    let others = members.map(\.key).filter { !known.contains($0) }
    return .missing(field: name(field), meant: NearestWord.of(field, among: others).map(name))
  }

  /// A whole number.
  package mutating func whole(
    _ field: String, _ range: ClosedRange<Int>, default standard: Int? = nil
  ) throws(ConfigurationError) -> Int {
    if let value = try wholeIfPresent(field, range) { return value }
    guard let standard else { throw missing(field) }
    return standard
  }

  /// A whole number that may be missing.
  package mutating func wholeIfPresent(
    _ field: String, _ range: ClosedRange<Int>
  ) throws(ConfigurationError) -> Int? {
    guard let value = value(field) else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw invalid(field, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Whole numbers; one alone stands for a list of it.
  package mutating func wholes(
    _ field: String, _ range: ClosedRange<Int>, atMost count: Int, default standard: [Int]
  ) throws(ConfigurationError) -> [Int] {
    guard let value = value(field) else { return standard }
    let expected = "up to \(count) whole numbers from \(range.lowerBound) to \(range.upperBound)"
    guard let elements = value.elements ?? value.int.map({ [.integer($0)] }), elements.count <= count else {
      throw invalid(field, value, expected)
    }
    var numbers: [Int] = []
    for element in elements {
      guard let number = element.int, range.contains(number) else { throw invalid(field, value, expected) }
      numbers.append(number)
    }
    return numbers
  }

  /// A number.
  package mutating func number(
    _ field: String, _ range: ClosedRange<Double>, default standard: Double? = nil
  ) throws(ConfigurationError) -> Double {
    if let value = try numberIfPresent(field, range) { return value }
    guard let standard else { throw missing(field) }
    return standard
  }

  /// A number that may be missing.
  package mutating func numberIfPresent(
    _ field: String, _ range: ClosedRange<Double>
  ) throws(ConfigurationError) -> Double? {
    guard let value = value(field) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw invalid(field, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Yes or no.
  package mutating func isOn(_ field: String, default standard: Bool) throws(ConfigurationError) -> Bool {
    guard let value = value(field) else { return standard }
    guard case .bool(let isOn) = value else { throw invalid(field, value, "true or false") }
    return isOn
  }

  /// A word or a path.
  package mutating func text(_ field: String, default standard: String? = nil) throws(ConfigurationError) -> String {
    if let text = try textIfPresent(field) { return text }
    guard let standard else { throw missing(field) }
    return standard
  }

  /// A word or a path that may be missing.
  package mutating func textIfPresent(_ field: String) throws(ConfigurationError) -> String? {
    guard let value = value(field) else { return nil }
    guard let text = value.text, !text.isEmpty, !text.utf8.contains(0) else { throw invalid(field, value, "a text") }
    return text
  }

  /// Words or paths; one alone stands for a list of it.
  package mutating func texts(_ field: String) throws(ConfigurationError) -> [String] {
    guard let value = value(field) else { throw missing(field) }
    let elements = value.elements ?? [value]
    let texts = elements.compactMap(\.text).filter { !$0.isEmpty && !$0.utf8.contains(0) }
    guard texts.count == elements.count, !texts.isEmpty else { throw invalid(field, value, "a text, or several") }
    return texts
  }

  /// One of some words.
  package mutating func choice(
    _ field: String, _ words: [String], default standard: String? = nil
  ) throws(ConfigurationError) -> String {
    guard let value = value(field) else {
      guard let standard else { throw missing(field) }
      return standard
    }
    guard let word = value.text, words.contains(word) else {
      let meant = value.text.flatMap { NearestWord.of($0, among: words) }.map { "; did you mean '\($0)'?" } ?? ""
      throw invalid(field, value, "one of \(words.joined(separator: ", "))\(meant)")
    }
    return word
  }

  /// A section, empty where it is not there.
  package mutating func section(_ field: String) throws(ConfigurationError) -> ConfigurationFields {
    if let section = try sectionIfPresent(field) { return section }
    return try ConfigurationFields(.object([]), path: name(field))
  }

  /// A section that may be missing.
  package mutating func sectionIfPresent(_ field: String) throws(ConfigurationError) -> ConfigurationFields? {
    guard let value = value(field) else { return nil }
    return try ConfigurationFields(value, path: name(field))
  }

  /// Throws for a field that nobody has asked for.
  package func finish() throws(ConfigurationError) {
    guard let member = members.first(where: { !known.contains($0.key) }) else { return }
    throw .unknown(
      field: name(member.key), meant: NearestWord.of(member.key, among: known).map(name), known: known.map(name))
  }
}

extension JSON {
  /// The value with one field changed: `optimizer.rate=0.1`, whose value is read as YAML; without a value it goes.
  ///
  /// - Throws: ``ConfigurationError``.
  package func setting(_ assignment: String) throws(ConfigurationError) -> JSON {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      throw .invalid(field: "--set", value: "'\(assignment)'", expected: "FIELD=VALUE, such as optimizer.rate=0.1")
    }
    let path = assignment[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard path.count <= 8, path.allSatisfy({ !$0.isEmpty }) else {
      throw .invalid(field: "--set", value: "'\(assignment)'", expected: "names with dots between them")
    }
    let text = String(assignment[assignment.index(after: equals)...])
    // A value is not a document: what parses as none is a text.
    let value = text.isEmpty ? JSON.null : try ConfigurationFile.parse(text, path: "--set \(assignment)")
    return try setting(path[...], value, assignment)
  }

  private func setting(
    _ path: ArraySlice<String>, _ value: JSON, _ assignment: String
  ) throws(ConfigurationError) -> JSON {
    guard let name = path.first else { return value }
    guard case .object(var members) = self == .null ? .object([]) : self else {
      throw .invalid(field: "--set", value: "'\(assignment)'", expected: "a field of a section before '\(name)'")
    }
    let rest = path.dropFirst()
    if rest.isEmpty, value == .null {
      members.removeAll { $0.key == name }
    } else if let index = members.firstIndex(where: { $0.key == name }) {
      members[index].value = try members[index].value.setting(rest, value, assignment)
    } else {
      members.append(Member(name, try JSON.null.setting(rest, value, assignment)))
    }
    return .object(members)
  }

  /// The value with all members in the order of their names.
  package var canonical: JSON {
    switch self {
    case .object(let members):
      .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value.canonical) })
    case .array(let elements): .array(elements.map(\.canonical))
    default: self
    }
  }
}
