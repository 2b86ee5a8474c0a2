import Formats

/// The members of a schema, with the checks and the merging that they need.
struct SchemaKeywords {
  /// Keywords that say what a value must be.
  private static let known: Set<String> = [
    "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems",
    "maxItems", "uniqueItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "anyOf", "oneOf", "allOf", "$ref",
  ]
  /// Keywords that do not.
  private static let notes: Set<String> = [
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id", "$comment",
    "$defs", "definitions",
  ]

  private(set) var members: [JSON.Member]
  private let path: String

  init(_ schema: JSON, _ path: String) {
    members = (schema.members ?? []).filter { Self.known.contains($0.key) }
    self.path = path
    // An older draft has a list of schemas in `items`.
    if let index = members.firstIndex(where: { $0.key == "items" }), case .array = members[index].value {
      members[index].key = "prefixItems"
    }
  }

  static func check(_ members: [JSON.Member], _ path: String) throws(TextError) {
    var seen: Set<String> = []
    for member in members {
      guard known.contains(member.key) || notes.contains(member.key) else {
        throw .schemaUnsupported(path: path, keyword: "'\(member.key.prefix(60))'")
      }
      if !seen.insert(member.key).inserted {
        throw .schemaInvalid(path: path, problem: "the keyword '\(member.key)' twice")
      }
    }
  }

  /// The list of schemas of a keyword.
  static func schemas(_ value: JSON, _ path: String) throws(TextError) -> [JSON] {
    guard let elements = value.elements, !elements.isEmpty else {
      throw .schemaInvalid(path: path, problem: "no list with a schema")
    }
    if elements.count > 1_024 { throw .grammarLimit(what: "schemas in a list", limit: 1_024) }
    return elements
  }

  subscript(keyword: String) -> JSON? { members.first { $0.key == keyword }?.value }
  var assertions: [String] { members.map(\.key) }

  func without(_ keyword: String) -> SchemaKeywords {
    var copy = self
    copy.members.removeAll { $0.key == keyword }
    return copy
  }

  /// A number of elements or characters.
  func count(_ keyword: String, _ path: String) throws(TextError) -> Int? {
    guard let value = self[keyword] else { return nil }
    guard let number = value.int, number >= 0 else {
      throw .schemaInvalid(path: "\(path)/\(keyword)", problem: "no whole number from 0 on")
    }
    if number > Grammar.repetitionLimit { throw .grammarLimit(what: keyword, limit: Grammar.repetitionLimit) }
    return number
  }

  private static let typeNames = ["string", "integer", "number", "boolean", "null", "array", "object"]

  /// What the value may be; what the keywords are about if it is not said; empty for anything.
  func types() throws(TextError) -> [String] {
    guard let given = self["type"] else {
      func has(_ keywords: String...) -> Bool { keywords.contains { self[$0] != nil } }
      if self["enum"] != nil || self["const"] != nil { return [] }
      if has("properties", "required", "additionalProperties") { return ["object"] }
      if has("items", "prefixItems", "minItems", "maxItems", "uniqueItems") { return ["array"] }
      if has("minLength", "maxLength", "pattern", "format") { return ["string"] }
      if has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") { return ["number"] }
      return []
    }
    let list = given.elements ?? [given]
    var types: [String] = []
    for value in list {
      guard case .string(let name) = value, Self.typeNames.contains(name) else {
        throw .schemaInvalid(path: "\(path)/type", problem: "no type that JSON has")
      }
      if !types.contains(name) { types.append(name) }
    }
    if types.isEmpty { throw .schemaInvalid(path: "\(path)/type", problem: "an empty list") }
    // Every integer is a number.
    if types.contains("number") { types.removeAll { $0 == "integer" } }
    return types
  }

  static func isOne(_ value: JSON, of types: [String]) -> Bool {
    switch value {
    case .null: types.contains("null")
    case .bool: types.contains("boolean")
    case .integer: types.contains("integer") || types.contains("number")
    case .number: types.contains("number") || (value.int != nil && types.contains("integer"))
    case .string: types.contains("string")
    case .array: types.contains("array")
    case .object: types.contains("object")
    }
  }

  /// A schema whose values both allow.
  func merged(with other: SchemaKeywords, _ path: String) throws(TextError) -> SchemaKeywords {
    var result = self
    for member in other.members {
      guard let index = result.members.firstIndex(where: { $0.key == member.key }) else {
        result.members.append(member)
        continue
      }
      let mine = result.members[index].value
      if mine == member.value { continue }
      result.members[index].value = try Self.merge(member.key, mine, member.value, path)
    }
    // Each side's idea of what else there may be is about its own properties.
    if self["additionalProperties"] != other["additionalProperties"],
      self["properties"] != nil || other["properties"] != nil
    {
      throw .schemaUnsupported(path: path, keyword: "additionalProperties in a merge")
    }
    return result
  }

  private static func merge(
    _ keyword: String, _ first: JSON, _ second: JSON, _ path: String
  ) throws(TextError) -> JSON {
    switch keyword {
    case "required":
      var names = first.elements ?? []
      for name in second.elements ?? [] where !names.contains(name) { names.append(name) }
      return .array(names)
    case "properties":
      var members = first.members ?? []
      for member in second.members ?? [] {
        if let index = members.firstIndex(where: { $0.key == member.key }) {
          if members[index].value == member.value { continue }
          members[index].value = ["allOf": .array([members[index].value, member.value])]
        } else {
          members.append(member)
        }
      }
      return .object(members)
    case "items": return ["allOf": .array([first, second])]
    case "type":
      let (a, b) = (first.elements ?? [first], second.elements ?? [second])
      var both = a.filter(b.contains)
      for (x, y) in [(a, b), (b, a)] where x.contains("integer") && y.contains("number") && !both.contains("integer") {
        both.append("integer")
      }
      if both.isEmpty { throw .schemaInvalid(path: path, problem: "no type is left after merging") }
      return .array(both)
    case "enum":
      let both = (first.elements ?? []).filter((second.elements ?? []).contains)
      if both.isEmpty { throw .schemaInvalid(path: path, problem: "no value of enum is left after merging") }
      return .array(both)
    case "minLength", "minItems", "minimum", "exclusiveMinimum":
      if let a = first.double, let b = second.double { return a >= b ? first : second }
    case "maxLength", "maxItems", "maximum", "exclusiveMaximum":
      if let a = first.double, let b = second.double { return a <= b ? first : second }
    default: break
    }
    throw .schemaUnsupported(path: path, keyword: "\(keyword) in a merge")
  }
}
