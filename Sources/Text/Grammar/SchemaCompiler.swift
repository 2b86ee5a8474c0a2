import Formats

/// Makes rules of a JSON schema.
struct SchemaCompiler {
  /// A place in the schema, as JSON Pointers have it.
  typealias Path = String

  let document: JSON
  private(set) var rules: [GrammarRule] = []
  private var references: [String: Int] = [:]
  private var shared: [String: Int] = [:]
  private var depth = 0
  private var schemas = 0

  private init(_ document: JSON) { self.document = document }

  static func rules(of schema: JSON) throws(TextError) -> (rules: [GrammarRule], root: Int) {
    var compiler = SchemaCompiler(schema)
    let root = try compiler.rule("root")
    compiler.references["#"] = root
    compiler.rules[root].expression = try compiler.value(schema, "#")
    return (compiler.rules, root)
  }

  // MARK: Rules

  private mutating func rule(_ name: String, _ expression: GrammarExpression = .nothing) throws(TextError) -> Int {
    if rules.count >= Grammar.ruleLimit { throw .grammarLimit(what: "rules of a schema", limit: Grammar.ruleLimit) }
    rules.append(GrammarRule(name: name, expression: expression))
    return rules.count - 1
  }

  /// A rule that all places share.
  mutating func shared(
    _ name: String, _ make: (inout SchemaCompiler) throws(TextError) -> GrammarExpression
  ) throws(TextError) -> GrammarExpression {
    if let known = shared[name] { return .rule(known) }
    let number = try rule(name)
    shared[name] = number
    rules[number].expression = try make(&self)
    return .rule(number)
  }

  /// At most one space, or a newline with up to 20 spaces.
  mutating func space() throws(TextError) -> GrammarExpression {
    try shared("space") { _ in
      .optional(
        .choice([
          .text(" "), .sequence([.text("\n"), .repetition(.text(" "), least: 0, most: 20)]),
        ]))
    }
  }

  /// One character of a string as JSON writes it.
  mutating func character() throws(TextError) -> GrammarExpression {
    try shared("character") { _ in SchemaText.anyCharacter }
  }

  mutating func string() throws(TextError) -> GrammarExpression {
    try shared("string") { _ in
      .sequence([.text("\""), .repetition(SchemaText.anyCharacter, least: 0, most: nil), .text("\"")])
    }
  }

  mutating func any() throws(TextError) -> GrammarExpression {
    try shared("value") { (compiler) throws(TextError) in
      .choice([
        try compiler.string(), try compiler.shared("number") { _ in SchemaNumbers.number }, .text("true"),
        .text("false"),
        .text("null"), try compiler.anyObject(), try compiler.anyArray(),
      ])
    }
  }

  private mutating func anyObject() throws(TextError) -> GrammarExpression {
    try shared("object") { (compiler) throws(TextError) in
      let space = try compiler.space()
      let member = GrammarExpression.sequence([try compiler.string(), .text(":"), space, try compiler.any()])
      return Self.list("{", "}", space, member, least: 0, most: nil)
    }
  }

  private mutating func anyArray() throws(TextError) -> GrammarExpression {
    try shared("array") { (compiler) throws(TextError) in
      Self.list("[", "]", try compiler.space(), try compiler.any(), least: 0, most: nil)
    }
  }

  /// Elements between brackets, with commas.
  static func list(
    _ open: String, _ close: String, _ space: GrammarExpression, _ element: GrammarExpression, least: Int, most: Int?
  ) -> GrammarExpression {
    if most == 0 { return .sequence([.text(open), space, .text(close)]) }
    let rest = GrammarExpression.repetition(
      .sequence([.text(","), space, element]), least: max(0, least - 1), most: most.map { $0 - 1 })
    let all = GrammarExpression.sequence([space, element, rest])
    return .sequence([.text(open), least == 0 ? .optional(all) : all, space, .text(close)])
  }

  // MARK: Schemas

  mutating func value(_ schema: JSON, _ path: Path) throws(TextError) -> GrammarExpression {
    switch schema {
    case .bool(true): return try any()
    case .bool(false): throw .schemaInvalid(path: path, problem: "nothing is allowed here")
    case .object(let members):
      try SchemaKeywords.check(members, path)
      return try value(SchemaKeywords(schema, path), path)
    default: throw .schemaInvalid(path: path, problem: "a schema is an object, true or false")
    }
  }

  private mutating func value(_ schema: SchemaKeywords, _ path: Path) throws(TextError) -> GrammarExpression {
    depth += 1
    defer { depth -= 1 }
    if depth > Grammar.nestingLimit { throw .grammarLimit(what: "nested schemas", limit: Grammar.nestingLimit) }
    // Alternatives beside other keywords are compiled anew wherever they are referred to.
    schemas += 1
    if schemas > Grammar.ruleLimit { throw .grammarLimit(what: "schemas", limit: Grammar.ruleLimit) }
    if let reference = schema["$ref"] {
      if schema.assertions.count > 1 {
        throw .schemaUnsupported(path: path, keyword: "$ref beside \(schema.assertions.first { $0 != "$ref" } ?? "")")
      }
      return .rule(try self.reference(reference, path))
    }
    if let parts = schema["allOf"] {
      let all = try SchemaKeywords.schemas(parts, "\(path)/allOf")
      var merged = schema.without("allOf")
      for (index, part) in all.enumerated() {
        merged = try merged.merged(with: try resolved(part, "\(path)/allOf/\(index)"), path)
      }
      return try value(merged, path)
    }
    for keyword in ["anyOf", "oneOf"] {
      guard let parts = schema[keyword] else { continue }
      let all = try SchemaKeywords.schemas(parts, "\(path)/\(keyword)")
      let base = schema.without(keyword)
      var alternatives: [GrammarExpression] = []
      for (index, part) in all.enumerated() {
        let place = "\(path)/\(keyword)/\(index)"
        if base.assertions.isEmpty {
          alternatives.append(try value(part, place))
        } else {
          alternatives.append(try value(try base.merged(with: try resolved(part, place), place), place))
        }
      }
      return .choice(alternatives)
    }
    if schema["enum"] != nil || schema["const"] != nil { return try enumerated(schema, path) }
    let types = try schema.types()
    if types.isEmpty { return try any() }
    var alternatives: [GrammarExpression] = []
    for type in types { alternatives.append(try value(schema, of: type, path)) }
    return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
  }

  private mutating func value(
    _ schema: SchemaKeywords, of type: String, _ path: Path
  ) throws(TextError) -> GrammarExpression {
    switch type {
    case "null", "boolean": return type == "null" ? .text("null") : .choice([.text("true"), .text("false")])
    case "string": return try text(schema, path)
    case "integer", "number":
      let bounds = try SchemaNumbers.Bounds(schema, path, isInteger: type == "integer")
      return try bounds.expression(path)
    case "array": return try array(schema, path)
    default: return try object(schema, path)
    }
  }

  /// The schema behind references, for merging.
  private func resolved(_ schema: JSON, _ path: Path, _ steps: Int = 0) throws(TextError) -> SchemaKeywords {
    guard case .object(let members) = schema else {
      if case .bool(true) = schema { return SchemaKeywords(.object([]), path) }
      throw .schemaInvalid(path: path, problem: "a part that is no object")
    }
    try SchemaKeywords.check(members, path)
    let keywords = SchemaKeywords(schema, path)
    guard case .string(let pointer)? = keywords["$ref"] else { return keywords }
    if steps > Grammar.nestingLimit { throw .grammarLimit(what: "references in a row", limit: Grammar.nestingLimit) }
    let target = try resolved(try target(pointer, path), pointer, steps + 1)
    return try keywords.without("$ref").merged(with: target, path)
  }

  private mutating func reference(_ value: JSON, _ path: Path) throws(TextError) -> Int {
    guard case .string(let pointer) = value else { throw .schemaInvalid(path: "\(path)/$ref", problem: "no text") }
    if let known = references[pointer] { return known }
    let schema = try target(pointer, path)
    let number = try rule(pointer)
    references[pointer] = number
    rules[number].expression = try self.value(schema, pointer)
    return number
  }

  private func target(_ pointer: String, _ path: Path) throws(TextError) -> JSON {
    func failure(_ problem: String) -> TextError {
      .schemaInvalid(path: "\(path)/$ref", problem: "'\(pointer.prefix(80))' \(problem)")
    }
    guard pointer.hasPrefix("#") else { throw failure("is not a place in the same schema") }
    if pointer == "#" { return document }
    guard pointer.hasPrefix("#/") else { throw failure("is not a path") }
    var value = document
    for part in pointer.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
      let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~").replacing("%25", with: "%")
      if let next = value[name] {
        value = next
      } else if let elements = value.elements, let index = Int(name), elements.indices.contains(index) {
        value = elements[index]
      } else {
        throw failure("is not there")
      }
    }
    return value
  }

  private func enumerated(_ schema: SchemaKeywords, _ path: Path) throws(TextError) -> GrammarExpression {
    let types = try schema.types()
    for keyword in schema.assertions where !["enum", "const", "type"].contains(keyword) {
      throw .schemaUnsupported(path: path, keyword: "\(keyword) beside enum or const")
    }
    var values: [JSON]
    if let list = schema["enum"] {
      guard let elements = list.elements, !elements.isEmpty else {
        throw .schemaInvalid(path: "\(path)/enum", problem: "no list with a value")
      }
      if elements.count > Self.enumLimit { throw .grammarLimit(what: "values of an enum", limit: Self.enumLimit) }
      values = elements
      if let only = schema["const"] { values = values.filter { $0 == only } }
    } else {
      values = [schema["const"] ?? .null]
    }
    if !types.isEmpty { values = values.filter { SchemaKeywords.isOne($0, of: types) } }
    if values.isEmpty { throw .schemaInvalid(path: path, problem: "no value of enum or const is of the type") }
    return .choice(values.map { .text($0.line) })
  }

  private static let enumLimit = 4_096
  /// The longest name of a property beside others that are not named.
  private static let nameLimit = 256

  private mutating func text(_ schema: SchemaKeywords, _ path: Path) throws(TextError) -> GrammarExpression {
    let least = try schema.count("minLength", path) ?? 0
    let most = try schema.count("maxLength", path)
    if let most, most < least { throw .schemaInvalid(path: path, problem: "minLength is above maxLength") }
    let hasLength = schema["minLength"] != nil || most != nil
    if let pattern = schema["pattern"] {
      for other in ["format", "minLength", "maxLength"] where schema[other] != nil {
        throw .schemaUnsupported(path: path, keyword: "\(other) beside pattern")
      }
      guard case .string(let source) = pattern else {
        throw .schemaInvalid(path: "\(path)/pattern", problem: "no text")
      }
      let inner = try SchemaPattern.expression(source, path: "\(path)/pattern")
      return .sequence([.text("\""), inner, .text("\"")])
    }
    if let format = schema["format"] {
      if hasLength { throw .schemaUnsupported(path: path, keyword: "a length beside format") }
      guard case .string(let name) = format else { throw .schemaInvalid(path: "\(path)/format", problem: "no text") }
      guard let pattern = SchemaText.formats[name] else {
        throw .schemaUnsupported(path: path, keyword: "format \(name.prefix(40))")
      }
      return try shared("format \(name)") { (_) throws(TextError) in
        .sequence([.text("\""), try SchemaPattern.expression(pattern, path: path), .text("\"")])
      }
    }
    if !hasLength { return try string() }
    return .sequence([.text("\""), .repetition(try character(), least: least, most: most), .text("\"")])
  }

  private mutating func array(_ schema: SchemaKeywords, _ path: Path) throws(TextError) -> GrammarExpression {
    let least = try schema.count("minItems", path) ?? 0
    let most = try schema.count("maxItems", path)
    if let most, most < least { throw .schemaInvalid(path: path, problem: "minItems is above maxItems") }
    if let unique = schema["uniqueItems"], unique != .bool(false) {
      throw .schemaUnsupported(path: path, keyword: "uniqueItems")
    }
    let space = try space()
    guard let prefix = schema["prefixItems"] else {
      if schema["items"] == .bool(false) {
        if least > 0 { throw .schemaInvalid(path: path, problem: "minItems without items") }
        return Self.list("[", "]", space, .nothing, least: 0, most: 0)
      }
      let element = if let items = schema["items"] { try value(items, "\(path)/items") } else { try any() }
      // A rule of its own, so that many repetitions are small.
      let number = try rule("\(path)/items", element)
      return Self.list("[", "]", space, .rule(number), least: least, most: most)
    }
    let first = try SchemaKeywords.schemas(prefix, "\(path)/prefixItems")
    var rest: GrammarExpression?
    if let items = schema["items"], items != .bool(false) {
      rest = .rule(try rule("\(path)/items", try value(items, "\(path)/items")))
    }
    if rest == nil, least > first.count { throw .schemaInvalid(path: path, problem: "minItems without items") }
    // From the last to the first: what comes after element i, if anything.
    let fixed = min(first.count, most ?? .max)
    var tail = GrammarExpression.empty
    if let rest, most.map({ $0 > first.count }) ?? true {
      tail = .repetition(
        .sequence([.text(","), space, rest]), least: max(0, least - first.count), most: most.map { $0 - first.count })
    }
    for index in (0..<fixed).reversed() {
      let element = try value(first[index], "\(path)/prefixItems/\(index)")
      let here = GrammarExpression.sequence((index == 0 ? [space] : [.text(","), space]) + [element, tail])
      tail = .rule(try rule("\(path)/prefixItems/\(index)", index < least ? here : .optional(here)))
    }
    return .sequence([.text("["), tail, space, .text("]")])
  }

  private mutating func object(_ schema: SchemaKeywords, _ path: Path) throws(TextError) -> GrammarExpression {
    let properties = schema["properties"]?.members ?? []
    if let given = schema["properties"], given.members == nil {
      throw .schemaInvalid(path: "\(path)/properties", problem: "no object")
    }
    var required: Set<String> = []
    if let given = schema["required"] {
      guard let names = given.elements else { throw .schemaInvalid(path: "\(path)/required", problem: "no list") }
      for name in names {
        guard case .string(let text) = name else { throw .schemaInvalid(path: "\(path)/required", problem: "no text") }
        required.insert(text)
      }
    }
    var seen: Set<String> = []
    for member in properties where !seen.insert(member.key).inserted {
      throw .schemaInvalid(path: "\(path)/properties", problem: "'\(member.key.prefix(40))' twice")
    }
    let more = schema["additionalProperties"] ?? .bool(properties.isEmpty && schema["properties"] == nil)
    // What is required and not described has the schema of the others.
    var all = properties
    for name in required.subtracting(seen).sorted() {
      if more == .bool(false) {
        if schema["additionalProperties"] != nil {
          throw .schemaInvalid(path: "\(path)/required", problem: "'\(name.prefix(40))' is required and not allowed")
        }
        all.append(JSON.Member(name, .bool(true)))
      } else {
        all.append(JSON.Member(name, more))
      }
    }
    let space = try space()
    var (first, tail) = (GrammarExpression.empty, GrammarExpression.empty)
    if more != .bool(false) {
      if let long = all.first(where: { $0.key.utf8.count > Self.nameLimit }) {
        throw .grammarLimit(what: "bytes of the property '\(long.key.prefix(40))'", limit: Self.nameLimit)
      }
      let key = all.isEmpty ? try string() : SchemaText.key(except: all.map(\.key))
      let element = try value(more, "\(path)/additionalProperties")
      let other = GrammarExpression.sequence([key, .text(":"), space, element])
      let member = GrammarExpression.rule(try rule("\(path)/additionalProperties", other))
      if all.isEmpty { return Self.list("{", "}", space, member, least: 0, most: nil) }
      let more = GrammarExpression.repetition(.sequence([.text(","), space, member]), least: 0, most: nil)
      tail = .rule(try rule("\(path)/additionalProperties next", more))
      first = .optional(.sequence([space, member, tail]))
    }
    if all.isEmpty { return Self.list("{", "}", space, .nothing, least: 0, most: 0) }
    // From the last to the first: the members from i on when there is one before them, and when there is none.
    for property in all.reversed() {
      let place = "\(path)/properties/\(property.key)"
      let member = GrammarExpression.sequence([
        .text(JSON.string(property.key).line), .text(":"), space, try value(property.value, place),
      ])
      let shown = GrammarExpression.rule(try rule(place, member))
      let isRequired = required.contains(property.key)
      let after = tail
      let start = GrammarExpression.sequence([space, shown, after])
      first = .rule(try rule("\(place) first", isRequired ? start : .choice([start, first])))
      let next = GrammarExpression.sequence([.text(","), space, shown, after])
      tail = .rule(try rule("\(place) next", isRequired ? next : .choice([next, after])))
    }
    return .sequence([.text("{"), first, space, .text("}")])
  }
}
