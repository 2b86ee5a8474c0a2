import Formats
import VenturiTesting

/// Makes values of schemas, at their bounds as often as within, and spoils them.
struct SchemaSampler {
  let check: SchemaCheck
  /// Values for schemas of a name, where a schema alone does not say what can be answered.
  var chosen: [String: [JSON]]
  var random: GGUFNoise

  init(_ check: SchemaCheck, chosen: [String: [JSON]], seed: UInt64) {
    self.check = check
    self.chosen = chosen
    random = GGUFNoise(seed: seed)
  }

  /// A value that the schema accepts; `nil` where none was found.
  mutating func value(_ schema: JSON) -> JSON? {
    for _ in 0..<50 {
      let value = draft(schema, depth: 0)
      if check.accepts(value, schema) { return value }
    }
    return nil
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func draft(_ schema: JSON, depth: Int) -> JSON {
    if let reference = schema["$ref"]?.text {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      if let values = chosen[name] { return values.randomElement(using: &random) ?? .null }
      return draft(check.resolved(schema), depth: depth)
    }
    if let value = schema["const"] { return value }
    if let values = schema["enum"]?.elements { return values.randomElement(using: &random) ?? .null }
    if let parts = schema["allOf"]?.elements {
      var members: [JSON.Member] = []
      for part in parts { members += draft(part, depth: depth).members ?? [] }
      return .object(members)
    }
    let branches = (schema["anyOf"] ?? schema["oneOf"])?.elements ?? []
    if schema["type"] == nil {
      return branches.randomElement(using: &random).map { draft($0, depth: depth) } ?? anything(depth: depth)
    }
    // Alternatives beside properties are met by trying again; what one of them asks for is there then.
    let asked = Set((branches.randomElement(using: &random)?["required"]?.elements ?? []).compactMap(\.text))
    let types = (schema["type"]?.elements ?? [schema["type"] ?? .null]).compactMap(\.text)
    let plain = types.filter { $0 != "null" }
    if types.count > plain.count, plain.isEmpty || chance(10) { return .null }
    switch plain.randomElement(using: &random) ?? "null" {
    case "boolean": return .bool(chance(50))
    case "integer": return integer(schema)
    case "number": return number(schema)
    case "string": return .string(text(schema))
    case "array": return array(schema, depth)
    default: return .object(object(schema, asked, depth))
    }
  }

  private mutating func integer(_ schema: JSON) -> JSON {
    let least = schema["minimum"]?.int ?? -1000
    let most = schema["maximum"]?.int ?? 1000
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return .integer(least)
    case 1: return .integer(most)
    case 2: return .integer(Int.random(in: least...most, using: &random))
    default:
      let (near, overflows) = max(least, 0).addingReportingOverflow(40)
      return .integer(Int.random(in: least...max(least, min(most, overflows ? most : near)), using: &random))
    }
  }

  private mutating func number(_ schema: JSON) -> JSON {
    let least = schema["minimum"]?.double ?? schema["exclusiveMinimum"]?.double ?? -1e6
    let most = schema["maximum"]?.double ?? 1e6
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return schema["exclusiveMinimum"] == nil ? .number(least) : .number(least.nextUp)
    case 1: return .number(most)
    case 2: return .number(Double.random(in: least...most, using: &random))
    default: return .number(max(least, min(most, 1)))
    }
  }

  private mutating func text(_ schema: JSON) -> String {
    let least = schema["minLength"]?.int ?? 0
    let most = schema["maxLength"]?.int
    switch Int.random(in: 0..<6, using: &random) {
    case 0: return String(repeating: "a", count: least)
    case 1: return String(repeating: "b", count: min(most ?? 40, 2000))
    case 2: return random.text(scalars: max(least, 6))
    case 3: return "é🜄" + random.text(scalars: max(least, 1))
    default: return random.word(max(least, Int.random(in: 1...8, using: &random)))
    }
  }

  private mutating func array(_ schema: JSON, _ depth: Int) -> JSON {
    let least = schema["minItems"]?.int ?? 0
    let most = schema["maxItems"]?.int ?? 20
    let count =
      chance(15) ? min(most, 64) : chance(20) ? least : min(most, max(least, Int.random(in: 0...3, using: &random)))
    return .array((0..<count).map { _ in draft(schema["items"] ?? .bool(true), depth: depth + 1) })
  }

  private mutating func object(_ schema: JSON, _ asked: Set<String>, _ depth: Int) -> [JSON.Member] {
    let required = asked.union((schema["required"]?.elements ?? []).compactMap(\.text))
    var members: [JSON.Member] = []
    for property in schema["properties"]?.members ?? []
    where required.contains(property.key) || chance(depth == 0 ? 15 : 50) {
      members.append(JSON.Member(property.key, draft(property.value, depth: depth + 1)))
    }
    if let others = schema["additionalProperties"], others.members != nil {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let key = "\(Int.random(in: 0..<259, using: &random))"
        if !members.contains(where: { $0.key == key }) {
          members.append(JSON.Member(key, draft(others, depth: depth + 1)))
        }
      }
    } else if chance(8) {
      members.append(JSON.Member("x_\(random.word(4))", anything(depth: depth + 1)))
    }
    return members
  }

  /// Some JSON.
  mutating func anything(depth: Int = 0) -> JSON {
    let special: [JSON] = [
      .null, true, false, 0, -1, 1, 1.5, -0.0, 1e300, -1e300, .number(.leastNonzeroMagnitude), .integer(.max),
      .integer(.min), "", "\u{0}", "null",
      [], [:], .string(String(repeating: "x", count: 3000)), [[[[[[]]]]]], "\u{FFFD}\u{202E}", [.null], ["": .null],
    ]
    switch Int.random(in: 0..<(depth > 4 ? 3 : 5), using: &random) {
    case 0, 1: return special.randomElement(using: &random) ?? .null
    case 2: return .string(random.text(scalars: 5))
    case 3: return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in anything(depth: depth + 1) })
    default:
      return .object(
        (0..<Int.random(in: 0...3, using: &random)).map { JSON.Member("k\($0)", anything(depth: depth + 1)) })
    }
  }

  /// A value with something else in one place: another value, one member or element less or more, a bound overstepped.
  mutating func spoiled(_ value: JSON) -> JSON {
    switch value {
    case .object(let members) where !members.isEmpty && !chance(10):
      var members = members
      let index = Int.random(in: members.indices, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: members.remove(at: index)
      case 1: members[index].key += "x"
      case 2: members.append(members[index])
      default: members[index].value = spoiled(members[index].value)
      }
      return .object(members)
    case .array(let elements) where !elements.isEmpty && !chance(10):
      var elements = elements
      let index = Int.random(in: elements.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: elements.remove(at: index)
      case 1: elements += [JSON](repeating: elements[index], count: 70)
      default: elements[index] = spoiled(elements[index])
      }
      return .array(elements)
    case .integer(let number) where chance(60):
      return .integer(
        chance(50)
          ? number.addingReportingOverflow(1).partialValue : number.subtractingReportingOverflow(1).partialValue)
    case .number(let number) where chance(60): return .number(chance(50) ? number.nextUp : number.nextDown)
    case .string(let text) where chance(50): return .string(text + random.text(scalars: chance(30) ? 1500 : 2))
    default: return anything()
    }
  }

  /// Bytes of which a few are others, too many or missing.
  mutating func spoiled(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let index = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
      case 2: bytes.remove(at: index)
      default: bytes.removeSubrange(index...)
      }
    }
    return bytes
  }
}
