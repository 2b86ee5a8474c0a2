import Formats
import Foundation

/// The plain meaning of the keywords that the engine takes, written anew.
struct SchemaValidator {
  let document: JSON

  func accepts(_ value: JSON, _ schema: JSON) -> Bool {
    guard case .object(let members) = schema else { return schema == .bool(true) }
    return members.allSatisfy { holds($0.key, $0.value, value, schema) }
  }

  private func holds(_ keyword: String, _ rule: JSON, _ value: JSON, _ schema: JSON) -> Bool {
    switch keyword {
    case "type": return (rule.elements ?? [rule]).contains { isOne(value, of: $0.text ?? "") }
    case "enum": return (rule.elements ?? []).contains(value)
    case "const": return rule == value
    case "$ref":
      var target = document
      for part in (rule.text ?? "").split(separator: "/").dropFirst() { target = target[String(part)] ?? .null }
      return accepts(value, target)
    case "anyOf", "oneOf": return (rule.elements ?? []).contains { accepts(value, $0) }
    case "allOf": return (rule.elements ?? []).allSatisfy { accepts(value, $0) }
    case "minimum": return value.double.map { $0 >= rule.double ?? 0 } ?? true
    case "maximum": return value.double.map { $0 <= rule.double ?? 0 } ?? true
    case "exclusiveMinimum": return value.double.map { $0 > rule.double ?? 0 } ?? true
    case "exclusiveMaximum": return value.double.map { $0 < rule.double ?? 0 } ?? true
    case "minLength": return value.text.map { $0.unicodeScalars.count >= rule.int ?? 0 } ?? true
    case "maxLength": return value.text.map { $0.unicodeScalars.count <= rule.int ?? 0 } ?? true
    case "pattern":
      guard let text = value.text else { return true }
      let found = try? NSRegularExpression(pattern: rule.text ?? "")
        .firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count))
      return found != nil
    case "format": return value.text.map { hasFormat($0, rule.text ?? "") } ?? true
    case "minItems": return value.elements.map { $0.count >= rule.int ?? 0 } ?? true
    case "maxItems": return value.elements.map { $0.count <= rule.int ?? 0 } ?? true
    case "prefixItems": return zip(value.elements ?? [], rule.elements ?? []).allSatisfy { accepts($0, $1) }
    case "items":
      return (value.elements ?? []).dropFirst(schema["prefixItems"]?.elements?.count ?? 0).allSatisfy {
        accepts($0, rule)
      }
    case "required":
      return value.members == nil || (rule.elements ?? []).allSatisfy { value[$0.text ?? ""] != nil }
    case "properties":
      return (value.members ?? []).allSatisfy { member in rule[member.key].map { accepts(member.value, $0) } ?? true }
    case "additionalProperties":
      return (value.members ?? []).allSatisfy { schema["properties"]?[$0.key] != nil || accepts($0.value, rule) }
    default: return ["title", "description", "default", "examples", "$defs"].contains(keyword)
    }
  }

  private func isOne(_ value: JSON, of type: String) -> Bool {
    switch (value, type) {
    case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
      (.string, "string"), (.array, "array"), (.object, "object"):
      true
    default: false
    }
  }

  private func hasFormat(_ text: String, _ format: String) -> Bool {
    let parser = ISO8601DateFormatter()
    switch format {
    case "date":
      parser.formatOptions = [.withFullDate]
      return parser.date(from: text) != nil && text.utf8.count == 10
    case "uuid": return UUID(uuidString: text) != nil
    case "ipv4":
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil && String(UInt8($0) ?? 0) == $0 }
    case "time", "date-time":
      return text.range(
        of: "^(\\d{4}-\\d\\d-\\d\\dT)?\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$", options: .regularExpression
      ) != nil
    default: return false
    }
  }
}
