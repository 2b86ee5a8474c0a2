/// Reads GBNF, llama.cpp's notation for grammars: rules `name ::= …` of strings, character classes, `.`, names, groups and
/// alternatives with `*`, `+`, `?` and `{m,n}`; `#` begins a comment. The rule `root` is what a text must be. Of the
/// notation, only references to tokens are not taken.
struct GBNFParser {
  private let source: [Unicode.Scalar]
  private var at = 0
  private var depth = 0
  private var names: [String: Int] = [:]
  private var rules: [(name: String, expression: GrammarExpression?)] = []

  private init(_ text: String) { source = Array(text.unicodeScalars) }

  static func rules(of text: String) throws(TextError) -> (rules: [GrammarRule], root: Int) {
    if text.utf8.count > Grammar.sourceLimit {
      throw .grammarLimit(what: "bytes of a grammar", limit: Grammar.sourceLimit)
    }
    var parser = GBNFParser(text)
    try parser.parse()
    var rules: [GrammarRule] = []
    for (name, expression) in parser.rules {
      guard let expression else { throw parser.failure("the rule '\(name)' is used and not defined") }
      rules.append(GrammarRule(name: name, expression: expression))
    }
    guard let root = parser.names["root"] else { throw parser.failure("there is no rule 'root'") }
    return (rules, root)
  }

  private func failure(_ problem: String) -> TextError {
    let line = 1 + source[..<min(at, source.count)].lazy.filter { $0 == "\n" }.count
    return .grammarMalformed(line: line, problem: problem)
  }

  private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }

  private mutating func skipSpace() {
    while let scalar = next {
      if scalar == "#" {
        while let scalar = next, scalar != "\n" {
          _ = scalar
          at += 1
        }
      } else if scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
        at += 1
      } else {
        return
      }
    }
  }

  private func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
      || scalar == "_"
  }

  private mutating func name() -> String? {
    var view = String.UnicodeScalarView()
    while let scalar = next, isNamePart(scalar) {
      view.append(scalar)
      at += 1
    }
    return view.isEmpty ? nil : String(view)
  }

  private mutating func number(of name: String) throws(TextError) -> Int {
    if let number = names[name] { return number }
    if rules.count >= Grammar.ruleLimit { throw .grammarLimit(what: "rules of a grammar", limit: Grammar.ruleLimit) }
    names[name] = rules.count
    rules.append((name, nil))
    return rules.count - 1
  }

  /// Whether a name and `::=` follow, that is, another rule begins.
  private var beginsRule: Bool {
    var copy = self
    guard copy.name() != nil else { return false }
    copy.skipSpace()
    return copy.follows("::=")
  }

  private func follows(_ text: String) -> Bool {
    source[at...].starts(with: text.unicodeScalars)
  }

  private mutating func parse() throws(TextError) {
    skipSpace()
    while at < source.count {
      guard let name = name() else { throw failure("'\(source[at])' where a rule's name is expected") }
      skipSpace()
      guard follows("::=") else { throw failure("'::=' is expected after '\(name.prefix(40))'") }
      at += 3
      let number = try number(of: name)
      if rules[number].expression != nil { throw failure("the rule '\(name.prefix(40))' is defined twice") }
      let expression = try choice()
      rules[number].expression = expression
      skipSpace()
      if at < source.count, !beginsRule { throw failure("'\(source[at])' where a rule is expected") }
    }
  }

  private mutating func choice() throws(TextError) -> GrammarExpression {
    depth += 1
    defer { depth -= 1 }
    if depth > Grammar.nestingLimit {
      throw .grammarLimit(what: "nested groups of a grammar", limit: Grammar.nestingLimit)
    }
    var alternatives = [try sequence()]
    while next == "|" {
      at += 1
      alternatives.append(try sequence())
    }
    return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
  }

  private mutating func sequence() throws(TextError) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    skipSpace()
    while let scalar = next, scalar != "|", scalar != ")" {
      if isNamePart(scalar), beginsRule { break }
      let part = try repeated(try item())
      parts.append(part)
      skipSpace()
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func item() throws(TextError) -> GrammarExpression {
    guard let scalar = next else { throw failure("the grammar ends where a symbol is expected") }
    switch scalar {
    case "\"":
      at += 1
      var text = String.UnicodeScalarView()
      while let scalar = next, scalar != "\"" { text.append(try character(scalar)) }
      guard next == "\"" else { throw failure("a string that does not end") }
      at += 1
      return .text(String(text))
    case "[": return .characters(try characterClass())
    case ".":
      at += 1
      return .characters(.all)
    case "(":
      at += 1
      let inner = try choice()
      guard next == ")" else { throw failure("a group that does not end") }
      at += 1
      return inner
    case "<", "!": throw failure("a reference to a token, which is not supported")
    case _ where isNamePart(scalar):
      let name = name() ?? ""
      return .rule(try number(of: name))
    default: throw failure("'\(scalar)' where a symbol is expected")
    }
  }

  /// One character of a string or class, with its escapes.
  private mutating func character(_ scalar: Unicode.Scalar) throws(TextError) -> Unicode.Scalar {
    at += 1
    guard scalar == "\\" else { return scalar }
    guard let kind = next else { throw failure("an escape that does not end") }
    at += 1
    switch kind {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "\\", "\"", "[", "]", "-", "^": return kind
    case "x", "u", "U":
      let count = kind == "x" ? 2 : kind == "u" ? 4 : 8
      var value: UInt32 = 0
      for _ in 0..<count {
        guard let digit = next, let part = digit.properties.isASCIIHexDigit ? UInt32(String(digit), radix: 16) : nil
        else {
          throw failure("an escape with too few digits")
        }
        // Eight digits fit 32 bits.
        value = value << 4 | part
        at += 1
      }
      guard let scalar = Unicode.Scalar(value) else { throw failure("an escape of no character") }
      return scalar
    default: throw failure("the escape '\\\(kind)'")
    }
  }

  private mutating func characterClass() throws(TextError) -> CodePointSet {
    at += 1
    let isInverted = next == "^"
    if isInverted { at += 1 }
    var ranges: [ClosedRange<UInt32>] = []
    while let scalar = next, scalar != "]" {
      let low = try character(scalar).value
      var high = low
      if next == "-", at + 1 < source.count, source[at + 1] != "]" {
        at += 1
        guard let scalar = next else { break }
        high = try character(scalar).value
      }
      if high < low { throw failure("a range that runs backwards") }
      ranges.append(low...high)
    }
    guard next == "]" else { throw failure("a character class that does not end") }
    at += 1
    let set = CodePointSet(ranges)
    return isInverted ? set.inverted : set
  }

  private mutating func repeated(_ item: GrammarExpression) throws(TextError) -> GrammarExpression {
    var result = item
    var count = 0
    while let scalar = next {
      switch scalar {
      case "*": result = .repetition(result, least: 0, most: nil)
      case "+": result = .repetition(result, least: 1, most: nil)
      case "?": result = .optional(result)
      case "{":
        at += 1
        let least = try bound()
        var most: Int? = least
        skipBlanks()
        if next == "," {
          at += 1
          skipBlanks()
          most = next == "}" ? nil : try bound()
          skipBlanks()
        }
        guard next == "}" else { throw failure("a repetition that does not end") }
        if let most, most < least { throw failure("a repetition of at least \(least) and at most \(most)") }
        result = .repetition(result, least: least, most: most)
      default: return result
      }
      at += 1
      count += 1
      if count + depth > Grammar.nestingLimit {
        throw .grammarLimit(what: "nested repetitions of a grammar", limit: Grammar.nestingLimit)
      }
    }
    return result
  }

  private mutating func skipBlanks() { while next == " " || next == "\t" { at += 1 } }

  private mutating func bound() throws(TextError) -> Int {
    skipBlanks()
    var value = 0
    let start = at
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = value * 10 + Int(scalar.value - 48)
      if value > Grammar.repetitionLimit {
        throw .grammarLimit(what: "repetitions of a symbol", limit: Grammar.repetitionLimit)
      }
      at += 1
    }
    if at == start { throw failure("a repetition without a number") }
    return value
  }
}
