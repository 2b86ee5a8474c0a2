extension JinjaParser {
  /// An expression, and how deeply others lie in it.
  struct Parsed {
    var expression: JinjaSyntax.Expression
    var depth = 1
  }

  /// A node over others; refuses what would be too deep to walk through.
  private func node(_ expression: JinjaSyntax.Expression, over parts: [Parsed?]) throws(JinjaError) -> Parsed {
    let depth = 1 + (parts.lazy.compactMap { $0?.depth }.max() ?? 0)
    if depth > Self.depthLimit {
      throw JinjaError(line: token.line, reason: .budget("nesting of an expression", limit: Self.depthLimit))
    }
    return Parsed(expression: expression, depth: depth)
  }

  /// Expressions with commas between them are a tuple.
  mutating func tuple(
    allowsConditional: Bool = true, end: String? = nil, isInParentheses: Bool = false
  ) throws(JinjaError) -> Parsed {
    var parts: [Parsed] = []
    var isTuple = false
    while true {
      if token.kind == .outputEnd || token.kind == .blockEnd || isSymbol(")") || end.map(isName) == true { break }
      parts.append(try expression(allowsConditional: allowsConditional))
      guard skipSymbol(",") else { break }
      isTuple = true
    }
    if !isTuple {
      if let only = parts.first { return only }
      if !isInParentheses { throw failure("\(token.shown) where a value is expected") }
    }
    return try node(.list(parts.map(\.expression), isTuple: true), over: parts)
  }

  mutating func expression(allowsConditional: Bool = true) throws(JinjaError) -> Parsed {
    try enter()
    defer { depth -= 1 }
    if !allowsConditional { return try disjunction() }
    let known = unknown.count
    var value = try disjunction()
    while skipName("if") {
      let condition = try disjunction()
      let otherwise = skipName("else") ? try expression() : nil
      value = try node(
        .conditional(value.expression, condition: condition.expression, otherwise: otherwise?.expression),
        over: [value, condition, otherwise])
      unknown.removeLast(unknown.count - known)
    }
    return value
  }

  private mutating func disjunction() throws(JinjaError) -> Parsed {
    var left = try conjunction()
    while skipName("or") {
      let right = try conjunction()
      left = try node(.or(left.expression, right.expression), over: [left, right])
    }
    return left
  }

  private mutating func conjunction() throws(JinjaError) -> Parsed {
    var left = try negation()
    while skipName("and") {
      let right = try negation()
      left = try node(.and(left.expression, right.expression), over: [left, right])
    }
    return left
  }

  private mutating func negation() throws(JinjaError) -> Parsed {
    guard skipName("not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    let value = try negation()
    return try node(.not(value.expression), over: [value])
  }

  private mutating func comparison() throws(JinjaError) -> Parsed {
    let first = try arithmetic(0)
    var parts = [first]
    var steps: [(JinjaSyntax.Comparison, JinjaSyntax.Expression)] = []
    while true {
      let kind: JinjaSyntax.Comparison
      if token.kind == .symbol, let symbol = JinjaSyntax.Comparison(rawValue: token.text) {
        kind = symbol
        at += 1
      } else if skipName("in") {
        kind = .in
      } else if isName("not"), tokens.indices.contains(at + 1), tokens[at + 1].kind == .name,
        tokens[at + 1].text == "in"
      {
        kind = .notIn
        at += 2
      } else {
        break
      }
      let value = try arithmetic(0)
      parts.append(value)
      steps.append((kind, value.expression))
    }
    return steps.isEmpty ? first : try node(.comparison(first.expression, steps), over: parts)
  }

  /// The operators of each level, the loosest first; those that join texts lie between sums and products.
  private static let levels: [[String]] = [["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"]]

  private mutating func arithmetic(_ level: Int) throws(JinjaError) -> Parsed {
    guard level < Self.levels.count else { return try unary(filters: true) }
    var left = try arithmetic(level + 1)
    if level == 1 {
      guard isSymbol("~") else { return left }
      var parts = [left]
      while skipSymbol("~") { parts.append(try arithmetic(level + 1)) }
      return try node(.concatenation(parts.map(\.expression)), over: parts)
    }
    while token.kind == .symbol, Self.levels[level].contains(token.text),
      let kind = JinjaSyntax.Operator(rawValue: token.text)
    {
      at += 1
      let right = try arithmetic(level + 1)
      left = try node(.binary(kind, left.expression, right.expression), over: [left, right])
    }
    return left
  }

  private mutating func unary(filters allowsFilters: Bool) throws(JinjaError) -> Parsed {
    var value: Parsed
    if isSymbol("-") || isSymbol("+") {
      let isMinus = isSymbol("-")
      at += 1
      try enter()
      defer { depth -= 1 }
      let operand = try unary(filters: false)
      value = try node(.sign(operand.expression, isMinus: isMinus), over: [operand])
    } else {
      value = try primary()
    }
    value = try postfix(value)
    while allowsFilters {
      if isSymbol("|") {
        value = try filters(of: value, first: false)
      } else if isName("is") {
        value = try test(of: value)
      } else if isSymbol("(") {
        value = try call(of: value)
      } else {
        break
      }
    }
    return value
  }

  private mutating func primary() throws(JinjaError) -> Parsed {
    let first = token
    switch first.kind {
    case .name:
      at += 1
      switch first.text {
      case "true", "True": return Parsed(expression: .constant(.bool(true)))
      case "false", "False": return Parsed(expression: .constant(.bool(false)))
      case "none", "None": return Parsed(expression: .constant(.none))
      default:
        try check(variable: first.text)
        return Parsed(expression: .name(first.text))
      }
    case .string:
      var text = ""
      while token.kind == .string {
        text += token.text
        at += 1
      }
      return Parsed(expression: .constant(.trusted(text)))
    case .integer:
      at += 1
      guard let value = Int(first.text) else { throw failure("the number \(first.text)") }
      return Parsed(expression: .constant(.integer(value)))
    case .float:
      at += 1
      guard let value = Double(first.text) else { throw failure("the number \(first.text)") }
      return Parsed(expression: .constant(.float(value)))
    case .symbol:
      if skipSymbol("(") {
        let value = try tuple(isInParentheses: true)
        try expectSymbol(")")
        return value
      }
      if skipSymbol("[") {
        var parts: [Parsed] = []
        while !isSymbol("]") {
          if !parts.isEmpty { try expectSymbol(",") }
          if isSymbol("]") { break }
          parts.append(try expression())
        }
        try expectSymbol("]")
        return try node(.list(parts.map(\.expression), isTuple: false), over: parts)
      }
      if skipSymbol("{") {
        var parts: [Parsed] = []
        var pairs: [(key: JinjaSyntax.Expression, value: JinjaSyntax.Expression)] = []
        while !isSymbol("}") {
          if !parts.isEmpty { try expectSymbol(",") }
          if isSymbol("}") { break }
          let key = try expression()
          try expectSymbol(":")
          let value = try expression()
          parts += [key, value]
          pairs.append((key.expression, value.expression))
        }
        try expectSymbol("}")
        return try node(.dictionary(pairs), over: parts)
      }
      throw failure("\(first.shown) where a value is expected")
    default: throw failure("\(first.shown) where a value is expected")
    }
  }

  private mutating func postfix(_ first: Parsed) throws(JinjaError) -> Parsed {
    var value = first
    while true {
      if skipSymbol(".") {
        if token.kind == .integer, let index = Int(token.text) {
          at += 1
          value = try node(.item(value.expression, .constant(.integer(index))), over: [value])
        } else {
          value = try node(.attribute(value.expression, try name()), over: [value])
        }
      } else if skipSymbol("[") {
        value = try subscripted(value)
        try expectSymbol("]")
      } else if isSymbol("(") {
        value = try call(of: value)
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(_ value: Parsed) throws(JinjaError) -> Parsed {
    var bounds: [Parsed?] = []
    var isSlice = false
    var bound: Parsed?
    while true {
      if isSymbol("]") {
        bounds.append(bound)
        break
      } else if skipSymbol(":") {
        isSlice = true
        bounds.append(bound)
        bound = nil
        if bounds.count > 2 { throw failure("a slice with more than three parts") }
      } else if bound == nil {
        bound = try expression()
      } else {
        throw failure("\(token.shown) where ']' is expected")
      }
    }
    if !isSlice {
      guard let index = bounds[0] else { throw failure("an empty subscript") }
      return try node(.item(value.expression, index.expression), over: [value, index])
    }
    return try node(
      .slice(
        value.expression, start: bounds[0]?.expression, end: bounds.count > 1 ? bounds[1]?.expression : nil,
        step: bounds.count > 2 ? bounds[2]?.expression : nil), over: [value] + bounds)
  }

  private mutating func arguments() throws(JinjaError) -> (JinjaSyntax.Arguments, [Parsed]) {
    var arguments = JinjaSyntax.Arguments()
    var parts: [Parsed] = []
    guard skipSymbol("(") else { return (arguments, parts) }
    while !isSymbol(")") {
      if !parts.isEmpty { try expectSymbol(",") }
      if isSymbol(")") { break }
      if isSymbol("*") || isSymbol("**") { throw failure("unpacked arguments") }
      if token.kind == .name, tokens.indices.contains(at + 1), tokens[at + 1].kind == .symbol,
        tokens[at + 1].text == "="
      {
        let name = token.text
        at += 2
        let value = try expression()
        if arguments.named.contains(where: { $0.name == name }) { throw failure("the argument '\(name)' twice") }
        arguments.named.append((name, value.expression))
        parts.append(value)
      } else {
        if !arguments.named.isEmpty { throw failure("an argument without a name after one with a name") }
        let value = try expression()
        arguments.positional.append(value.expression)
        parts.append(value)
      }
    }
    try expectSymbol(")")
    return (arguments, parts)
  }

  private mutating func call(of value: Parsed) throws(JinjaError) -> Parsed {
    let (arguments, parts) = try arguments()
    return try node(.call(value.expression, arguments), over: [value] + parts)
  }

  /// The filters after a value, or of a block; without the bar before the first in the head of a `filter` block.
  mutating func filters(of value: Parsed?, first: Bool) throws(JinjaError) -> Parsed {
    var value = value
    var isFirst = first
    while isFirst || skipSymbol("|") {
      isFirst = false
      let line = token.line
      var name = try name()
      while skipSymbol(".") { name += "." + (try self.name()) }
      if !JinjaFilters.names.contains(name), !isConditional {
        unknown.append((line, "the filter '\(name.prefix(40))'"))
      }
      let (arguments, parts) = try arguments()
      value = try node(.filter(value?.expression, name, arguments), over: [value] + parts)
    }
    guard let value else { throw failure("a filter is missing") }
    return value
  }

  private mutating func test(of value: Parsed) throws(JinjaError) -> Parsed {
    at += 1
    let isNegated = skipName("not")
    let line = token.line
    var name = try name()
    while skipSymbol(".") { name += "." + (try self.name()) }
    if !JinjaTests.names.contains(name), !isConditional { unknown.append((line, "the test '\(name.prefix(40))'")) }
    var arguments = JinjaSyntax.Arguments()
    var parts: [Parsed] = []
    let startsValue =
      switch token.kind {
      case .name: !["else", "or", "and"].contains(token.text)
      case .string, .integer, .float: true
      case .symbol: token.text == "[" || token.text == "{"
      default: false
      }
    if isSymbol("(") {
      (arguments, parts) = try self.arguments()
    } else if startsValue {
      if isName("is") { throw failure("a test of a test") }
      try enter()
      defer { depth -= 1 }
      let argument = try postfix(try primary())
      arguments.positional = [argument.expression]
      parts = [argument]
    }
    let result = try node(.test(value.expression, name, arguments), over: [value] + parts)
    return isNegated ? try node(.not(result.expression), over: [result]) : result
  }
}
