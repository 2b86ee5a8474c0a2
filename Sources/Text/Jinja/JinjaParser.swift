/// Reads the statements of a template; `JinjaParser+Expressions.swift` reads what stands in them.
struct JinjaParser {
  /// How deeply statements and expressions may lie in each other.
  static let depthLimit = 100

  let tokens: [JinjaToken]
  var at = 0
  var depth = 0
  /// Filters and tests that the engine does not have, where the reference would look for them at once.
  var unknown: [(line: Int, what: String)] = []
  /// Whether what is read stands right in an `if`: there an unknown filter matters only once it is reached.
  var isConditional = false
  private var loops = 0
  private var macros = 0

  init(tokens: [JinjaToken]) { self.tokens = tokens }

  static func statements(of source: String) throws(JinjaError) -> [JinjaSyntax.Statement] {
    var parser = JinjaParser(tokens: try JinjaLexer.tokens(of: source))
    let statements = try parser.statements(until: [])
    if let first = parser.unknown.first { throw JinjaError(line: first.line, reason: .refused(first.what)) }
    return statements
  }

  var token: JinjaToken { tokens[min(at, tokens.count - 1)] }

  func failure(_ problem: String) -> JinjaError { JinjaError(line: token.line, reason: .refused(problem)) }

  mutating func enter() throws(JinjaError) {
    depth += 1
    if depth > Self.depthLimit {
      throw JinjaError(line: token.line, reason: .budget("nesting of its source", limit: Self.depthLimit))
    }
  }

  func isName(_ text: String) -> Bool { token.kind == .name && token.text == text }
  func isSymbol(_ text: String) -> Bool { token.kind == .symbol && token.text == text }

  mutating func skipName(_ text: String) -> Bool {
    guard isName(text) else { return false }
    at += 1
    return true
  }

  mutating func skipSymbol(_ text: String) -> Bool {
    guard isSymbol(text) else { return false }
    at += 1
    return true
  }

  mutating func expectSymbol(_ text: String) throws(JinjaError) {
    if !skipSymbol(text) { throw failure("\(token.shown) where '\(text)' is expected") }
  }

  mutating func expect(_ kind: JinjaToken.Kind, _ name: String) throws(JinjaError) {
    guard token.kind == kind else { throw failure("\(token.shown) where \(name) is expected") }
    at += 1
  }

  mutating func name() throws(JinjaError) -> String {
    guard token.kind == .name else { throw failure("\(token.shown) where a name is expected") }
    at += 1
    return tokens[at - 1].text
  }

  // MARK: Statements

  /// What stands before a tag that begins with one of `ends`; the tag's name is what comes next.
  private mutating func statements(until ends: [String]) throws(JinjaError) -> [JinjaSyntax.Statement] {
    try enter()
    defer { depth -= 1 }
    var found: [JinjaSyntax.Statement] = []
    while true {
      let line = token.line
      switch token.kind {
      case .text:
        found.append(.init(line: line, kind: .text(JinjaText(token.text, isTrusted: true))))
        at += 1
      case .outputStart:
        at += 1
        let value = try tuple()
        try expect(.outputEnd, "the end of the output")
        found.append(.init(line: line, kind: .output(value.expression)))
      case .blockStart:
        at += 1
        if token.kind == .name, ends.contains(token.text) { return found }
        found.append(.init(line: line, kind: try statement()))
        try expect(.blockEnd, "the end of the tag")
      default:
        if ends.isEmpty { return found }
        throw failure("the end of the template where '\(ends.joined(separator: "' or '"))' is expected")
      }
    }
  }

  /// The body of a block, up to its end tag, which is read.
  private mutating func body(until ends: [String], isConditional: Bool = false) throws(JinjaError)
    -> (statements: [JinjaSyntax.Statement], end: String)
  {
    let outer = self.isConditional
    self.isConditional = isConditional
    defer { self.isConditional = outer }
    _ = skipSymbol(":")
    try expect(.blockEnd, "the end of the tag")
    let found = try statements(until: ends)
    return (found, try name())
  }

  private mutating func statement() throws(JinjaError) -> JinjaSyntax.Kind {
    let word = try name()
    switch word {
    case "set": return try assignment()
    case "if": return try condition()
    case "for": return try loop()
    case "macro":
      let name = try name()
      let parameters = try parameters()
      return .macro(try macro(name, parameters, end: "endmacro"))
    case "call":
      let parameters = isSymbol("(") ? try parameters() : []
      let call = try expression()
      guard case .call = call.expression else { throw failure("a 'call' block that calls nothing") }
      return .call(call.expression, caller: try macro("caller", parameters, end: "endcall"))
    case "filter":
      let filter = try filters(of: nil, first: true)
      return .filter(filter.expression, try body(until: ["endfilter"]).statements)
    case "with":
      var values: [(JinjaSyntax.Target, JinjaSyntax.Expression)] = []
      while token.kind != .blockEnd {
        if !values.isEmpty { try expectSymbol(",") }
        let target = try target(isSimple: true)
        try expectSymbol("=")
        values.append((target, try expression().expression))
      }
      return .with(values, try body(until: ["endwith"]).statements)
    case "generation": return .generation(try body(until: ["endgeneration"]).statements)
    case "break", "continue":
      if loops == 0 { throw failure("'\(word)' outside of a loop") }
      return word == "break" ? .leaveLoop : .nextPass
    default: throw JinjaError(line: token.line, reason: .refused("the tag '\(word.prefix(40))'"))
    }
  }

  private mutating func assignment() throws(JinjaError) -> JinjaSyntax.Kind {
    let target = try target()
    if skipSymbol("=") { return .set(target, try tuple().expression) }
    let filter = isSymbol("|") ? try filters(of: nil, first: false).expression : nil
    return .setBlock(target, filter: filter, try body(until: ["endset"]).statements)
  }

  /// What is assigned to: names, attributes of namespaces, or several in a row.
  private mutating func target(isSimple: Bool = false, allowsAttributes: Bool = true) throws(JinjaError)
    -> JinjaSyntax.Target
  {
    try enter()
    defer { depth -= 1 }
    func single(_ parser: inout JinjaParser) throws(JinjaError) -> JinjaSyntax.Target {
      if parser.skipSymbol("(") {
        let inner = try parser.target(allowsAttributes: allowsAttributes)
        try parser.expectSymbol(")")
        return inner
      }
      let name = try parser.name()
      if ["true", "false", "none", "True", "False", "None", "loop"].contains(name) {
        throw parser.failure("an assignment to '\(name)'")
      }
      if allowsAttributes, !isSimple, parser.skipSymbol(".") { return .attribute(name, try parser.name()) }
      return .name(name)
    }
    var targets = [try single(&self)]
    if isSimple { return targets[0] }
    var isTuple = false
    while skipSymbol(",") {
      isTuple = true
      if token.kind == .blockEnd || isName("in") || isSymbol(")") || isSymbol("=") { break }
      targets.append(try single(&self))
    }
    return isTuple ? .tuple(targets) : targets[0]
  }

  private mutating func condition() throws(JinjaError) -> JinjaSyntax.Kind {
    let outer = isConditional
    isConditional = true
    defer { isConditional = outer }
    var branches: [(condition: JinjaSyntax.Expression, body: [JinjaSyntax.Statement])] = []
    while true {
      let condition = try tuple(allowsConditional: false).expression
      let (found, end) = try body(until: ["elif", "else", "endif"], isConditional: true)
      branches.append((condition, found))
      switch end {
      case "elif": continue
      case "else":
        return .condition(branches, otherwise: try body(until: ["endif"], isConditional: true).statements)
      default: return .condition(branches, otherwise: [])
      }
    }
  }

  private mutating func loop() throws(JinjaError) -> JinjaSyntax.Kind {
    let target = try target(allowsAttributes: false)
    if !skipName("in") { throw failure("\(token.shown) where 'in' is expected") }
    let items = try tuple(allowsConditional: false, end: "recursive").expression
    let condition = skipName("if") ? try expression().expression : nil
    if isName("recursive") { throw failure("a recursive loop") }
    loops += 1
    let (found, end) = try body(until: ["endfor", "else"])
    loops -= 1
    let otherwise = end == "else" ? try body(until: ["endfor"]).statements : []
    return .loop(target, items, condition: condition, body: found, otherwise: otherwise)
  }

  private mutating func parameters() throws(JinjaError) -> [(name: String, value: JinjaSyntax.Expression?)] {
    try expectSymbol("(")
    var found: [(name: String, value: JinjaSyntax.Expression?)] = []
    while !isSymbol(")") {
      if !found.isEmpty { try expectSymbol(",") }
      if isSymbol(")") { break }
      let name = try name()
      let value = skipSymbol("=") ? try expression().expression : nil
      if value == nil, found.last?.value != nil { throw failure("the parameter '\(name)' after one with a default") }
      if found.contains(where: { $0.name == name }) { throw failure("the parameter '\(name)' twice") }
      found.append((name, value))
    }
    try expectSymbol(")")
    return found
  }

  private mutating func macro(
    _ name: String, _ parameters: [(name: String, value: JinjaSyntax.Expression?)], end: String
  ) throws(JinjaError) -> JinjaSyntax.Macro {
    // A loop around a macro is not the macro's.
    let outer = loops
    loops = 0
    macros += 1
    defer {
      loops = outer
      macros -= 1
    }
    return JinjaSyntax.Macro(name: name, parameters: parameters, body: try body(until: [end]).statements)
  }

  /// Refuses what only the reference's macros have.
  func check(variable name: String) throws(JinjaError) {
    if macros > 0, name == "varargs" || name == "kwargs" { throw failure("the macro variable '\(name)'") }
  }
}
