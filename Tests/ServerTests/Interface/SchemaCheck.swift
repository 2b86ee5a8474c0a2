import Formats

/// Whether values are what schemas of an OpenAPI document say.
///
/// `Text.Grammar` makes texts of a schema, members in the schema's order, and cannot tell where a value differs; this walks
/// through a value. A keyword that it does not know is a problem, so that nothing in the document goes unchecked.
struct SchemaCheck {
  let document: JSON
  /// Whether an object with described properties may have others.
  var allowsOthers = true

  private static let notes: Set<String> = ["description", "x-limit"]

  /// A schema that stands under `components`.
  func named(_ name: String) -> JSON { document["components"]?["schemas"]?[name] ?? .null }

  /// What a reference stands for.
  func resolved(_ value: JSON) -> JSON {
    guard let reference = value["$ref"]?.text else { return value }
    var target = document
    for part in reference.split(separator: "/").dropFirst() {
      let key = part.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
      target = target[key] ?? .null
    }
    return resolved(target)
  }

  /// Whether nothing is wrong with a value.
  func accepts(_ value: JSON, _ schema: JSON) -> Bool { problems(value, schema).isEmpty }

  /// What is wrong with a value, each with its place.
  func problems(_ value: JSON, _ schema: JSON, at path: String = "$") -> [String] {
    switch schema {
    case .bool(let isAllowed): return isAllowed ? [] : ["\(path): nothing is allowed here"]
    case .object(let members):
      if schema["$ref"] != nil { return problems(value, resolved(schema), at: path) }
      return members.flatMap { check(value, $0.key, $0.value, schema, path) }
    default: return ["\(path): no schema"]
    }
  }

  private func check(_ value: JSON, _ keyword: String, _ wanted: JSON, _ schema: JSON, _ path: String) -> [String] {
    func fail(_ holds: Bool) -> [String] {
      holds ? [] : ["\(path): \(String(value.line.prefix(60))) against \(keyword) \(String(wanted.line.prefix(60)))"]
    }
    let text = value.text
    switch keyword {
    case _ where Self.notes.contains(keyword): return []
    case "type": return fail((wanted.elements ?? [wanted]).contains { Self.isOne(value, $0.text ?? "") })
    case "const": return fail(Self.equal(value, wanted))
    case "enum": return fail(wanted.elements?.contains { Self.equal(value, $0) } == true)
    case "minimum": return fail(Self.order(value, wanted).map { $0 >= 0 } ?? true)
    case "maximum": return fail(Self.order(value, wanted).map { $0 <= 0 } ?? true)
    case "exclusiveMinimum": return fail(Self.order(value, wanted).map { $0 > 0 } ?? true)
    case "minLength": return fail(text.map { $0.unicodeScalars.count >= wanted.int ?? 0 } ?? true)
    case "maxLength": return fail(text.map { $0.unicodeScalars.count <= wanted.int ?? 0 } ?? true)
    case "x-bytes": return fail(Self.bytes(value) <= wanted.int ?? 0)
    case "minItems": return fail(value.elements.map { $0.count >= wanted.int ?? 0 } ?? true)
    case "maxItems": return fail(value.elements.map { $0.count <= wanted.int ?? 0 } ?? true)
    case "maxProperties": return fail(value.members.map { $0.count <= wanted.int ?? 0 } ?? true)
    case "pattern":
      guard let text, let pattern = try? Regex(wanted.text ?? "(") else { return fail(text == nil) }
      return fail(text.firstMatch(of: pattern) != nil)
    case "format":
      let isDate = text.map { (try? /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/.wholeMatch(in: $0)) != nil } ?? true
      return fail(wanted == "date-time" && isDate)
    case "required":
      guard value.members != nil else { return [] }
      return (wanted.elements ?? []).flatMap { fail(value[$0.text ?? ""] != nil) }
    case "properties": return properties(value, wanted, isClosed: !allowsOthers, path)
    case "additionalProperties":
      let known = Set(schema["properties"]?.members?.map(\.key) ?? [])
      return (value.members ?? []).filter { !known.contains($0.key) }.flatMap {
        problems($0.value, wanted, at: "\(path).\($0.key)")
      }
    case "propertyNames":
      return (value.members ?? []).flatMap { problems(.string($0.key), wanted, at: "\(path).\($0.key)") }
    case "items":
      return (value.elements ?? []).enumerated().flatMap { problems($1, wanted, at: "\(path)[\($0)]") }
    case "allOf": return (wanted.elements ?? []).flatMap { problems(value, $0, at: path) }
    case "anyOf": return branches(value, wanted, path) { $0 >= 1 }
    case "oneOf": return branches(value, wanted, path) { $0 == 1 }
    case "not": return fail(!accepts(value, wanted))
    default: return ["\(path): the keyword \(keyword) is not known"]
    }
  }

  private func properties(_ value: JSON, _ wanted: JSON, isClosed: Bool, _ path: String) -> [String] {
    (value.members ?? []).flatMap { member -> [String] in
      if let schema = wanted[member.key] { return problems(member.value, schema, at: "\(path).\(member.key)") }
      return isClosed ? ["\(path).\(member.key): is not described"] : []
    }
  }

  private func branches(_ value: JSON, _ wanted: JSON, _ path: String, _ holds: (Int) -> Bool) -> [String] {
    let all = (wanted.elements ?? []).map { problems(value, $0, at: path) }
    if holds(all.count(where: \.isEmpty)) { return [] }
    return all.allSatisfy { !$0.isEmpty } ? ["\(path): none of: \(all.map { $0.first ?? "" })"] : ["\(path): several"]
  }

  static func isOne(_ value: JSON, _ type: String) -> Bool {
    switch type {
    case "null": value == .null
    case "boolean": if case .bool = value { true } else { false }
    case "integer": value.int != nil
    case "number": value.double != nil
    case "string": value.text != nil
    case "array": value.elements != nil
    case "object": value.members != nil
    default: false
    }
  }

  /// The bytes of a text, of an object as JSON, or of an array's elements as JSON.
  private static func bytes(_ value: JSON) -> Int {
    if let elements = value.elements { return elements.reduce(0) { $0 + $1.line.utf8.count } }
    return value.members == nil ? value.text?.utf8.count ?? 0 : value.line.utf8.count
  }

  private static func equal(_ a: JSON, _ b: JSON) -> Bool {
    if let a = a.double, let b = b.double { return a == b }
    return a == b
  }

  /// Which of two numbers is larger; integers exactly.
  private static func order(_ a: JSON, _ b: JSON) -> Int? {
    if let a = a.int, let b = b.int { return a < b ? -1 : a > b ? 1 : 0 }
    guard let a = a.double, let b = b.double else { return nil }
    return a < b ? -1 : a > b ? 1 : 0
  }
}
