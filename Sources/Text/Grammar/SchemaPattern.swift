/// The regular expressions that `pattern` may have: characters, `.`, classes with ranges and `^`, `\d \D \w \W \s \S`, the
/// escapes of control characters and of punctuation, `\xHH`, `\uHHHH`, groups `( )` and `(?: )`, `|`, `* + ? {m,n}`, and `^`
/// and `$` at the ends of the pattern. Without those the text may hold anything before and after. Assertions inside, back
/// references and lazy repetitions are refused.
struct SchemaPattern {
  private let source: [Unicode.Scalar]
  private let path: String
  private var at = 0
  private var depth = 0

  /// What stands between the quotes of a JSON string that matches.
  ///
  /// - Throws: ``TextError/schemaUnsupported(path:keyword:)`` and ``TextError/schemaInvalid(path:problem:)``.
  static func expression(_ text: String, path: String) throws(TextError) -> GrammarExpression {
    if text.utf8.count > 4_096 { throw .grammarLimit(what: "bytes of a pattern", limit: 4_096) }
    var scalars = Array(text.unicodeScalars)
    let anything = GrammarExpression.repetition(SchemaText.anyCharacter, least: 0, most: nil)
    var parts: [GrammarExpression] = []
    let isAnchored = scalars.first == "^"
    if isAnchored { scalars.removeFirst() } else { parts.append(anything) }
    let slashes = scalars.dropLast().reversed().prefix { $0 == "\\" }.count
    let isClosed = scalars.last == "$" && slashes % 2 == 0
    if isClosed { scalars.removeLast() }
    var parser = SchemaPattern(source: scalars, path: path)
    let inner = try parser.choice()
    if parser.at < scalars.count { throw parser.invalid("')' without its opening bracket") }
    // An anchor belongs to the first or last alternative only.
    if case .choice = inner, isAnchored || isClosed, parser.hasAlternatives {
      throw .schemaUnsupported(path: path, keyword: "'^' or '$' beside '|' outside of a group")
    }
    parts.append(inner)
    if !isClosed { parts.append(anything) }
    return .sequence(parts)
  }

  private var hasAlternatives = false

  private init(source: [Unicode.Scalar], path: String) {
    self.source = source
    self.path = path
  }

  private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }
  private func invalid(_ problem: String) -> TextError { .schemaInvalid(path: path, problem: problem) }
  private func unsupported(_ what: String) -> TextError { .schemaUnsupported(path: path, keyword: what) }

  private mutating func choice() throws(TextError) -> GrammarExpression {
    depth += 1
    defer { depth -= 1 }
    if depth > Grammar.nestingLimit {
      throw .grammarLimit(what: "nested groups of a pattern", limit: Grammar.nestingLimit)
    }
    var alternatives = [try sequence()]
    while next == "|" {
      at += 1
      alternatives.append(try sequence())
    }
    if alternatives.count == 1 { return alternatives[0] }
    if depth == 1 { hasAlternatives = true }
    return .choice(alternatives)
  }

  private mutating func sequence() throws(TextError) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    while let scalar = next, scalar != "|", scalar != ")" { parts.append(try repeated(try item(scalar))) }
    return .sequence(parts)
  }

  private mutating func item(_ scalar: Unicode.Scalar) throws(TextError) -> GrammarExpression {
    at += 1
    switch scalar {
    case "(":
      if next == "?" {
        guard at + 1 < source.count, source[at + 1] == ":" else { throw unsupported("a group with '?'") }
        at += 2
      }
      let inner = try choice()
      guard next == ")" else { throw invalid("a group that does not end") }
      at += 1
      return inner
    case "[": return SchemaText.character(try set())
    case ".": return SchemaText.character(CodePointSet("\n\r\u{2028}\u{2029}".unicodeScalars).inverted)
    case "^", "$": throw unsupported("'\(scalar)' inside of a pattern")
    case "*", "+", "?", "{": throw invalid("'\(scalar)' with nothing to repeat")
    case "\\": return SchemaText.character(try escape())
    default: return SchemaText.character(CodePointSet([scalar]))
    }
  }

  private static let digits = CodePointSet([0x30...0x39])
  private static let words = CodePointSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  private static let spaces = CodePointSet(
    [
      0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
      0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])

  private mutating func escape() throws(TextError) -> CodePointSet {
    guard let kind = next else { throw invalid("an escape that does not end") }
    at += 1
    switch kind {
    case "d": return Self.digits
    case "D": return Self.digits.inverted
    case "w": return Self.words
    case "W": return Self.words.inverted
    case "s": return Self.spaces
    case "S": return Self.spaces.inverted
    case "n": return CodePointSet([Unicode.Scalar("\n")])
    case "r": return CodePointSet([Unicode.Scalar("\r")])
    case "t": return CodePointSet([Unicode.Scalar("\t")])
    case "f": return CodePointSet([Unicode.Scalar(0x0C)])
    case "v": return CodePointSet([Unicode.Scalar(0x0B)])
    case "x", "u":
      var value: UInt32 = 0
      for _ in 0..<(kind == "x" ? 2 : 4) {
        guard let digit = next, digit.properties.isASCIIHexDigit, let part = UInt32(String(digit), radix: 16) else {
          throw invalid("an escape with too few digits")
        }
        value = value << 4 | part
        at += 1
      }
      guard Unicode.Scalar(value) != nil else { throw invalid("an escape of no character") }
      return CodePointSet([value...value])
    default:
      if kind.properties.isAlphabetic || kind.isDigit { throw unsupported("the escape '\\\(kind)'") }
      return CodePointSet([kind])
    }
  }

  private mutating func set() throws(TextError) -> CodePointSet {
    let isInverted = next == "^"
    if isInverted { at += 1 }
    var set = CodePointSet([ClosedRange<UInt32>]())
    func one(_ parser: inout SchemaPattern) throws(TextError) -> CodePointSet {
      guard let scalar = parser.next else { throw parser.invalid("a class that does not end") }
      parser.at += 1
      return scalar == "\\" ? try parser.escape() : CodePointSet([scalar])
    }
    while let scalar = next, scalar != "]" {
      if scalar == "[", at + 1 < source.count, source[at + 1] == ":" { throw unsupported("a named class") }
      let low = try one(&self)
      guard next == "-", at + 1 < source.count, source[at + 1] != "]" else {
        set = set.union(low)
        continue
      }
      at += 1
      let high = try one(&self)
      guard low.ranges.count == 1, low.ranges[0].count == 1, high.ranges.count == 1, high.ranges[0].count == 1,
        low.ranges[0].lowerBound <= high.ranges[0].lowerBound
      else { throw invalid("a range that runs backwards or has no ends") }
      set = set.union(CodePointSet([low.ranges[0].lowerBound...high.ranges[0].lowerBound]))
    }
    guard next == "]" else { throw invalid("a class that does not end") }
    at += 1
    return isInverted ? set.inverted : set
  }

  private mutating func repeated(_ item: GrammarExpression) throws(TextError) -> GrammarExpression {
    guard let scalar = next else { return item }
    let result: GrammarExpression
    switch scalar {
    case "*": result = .repetition(item, least: 0, most: nil)
    case "+": result = .repetition(item, least: 1, most: nil)
    case "?": result = .optional(item)
    case "{":
      at += 1
      let least = try bound()
      var most: Int? = least
      if next == "," {
        at += 1
        most = next == "}" ? nil : try bound()
      }
      guard next == "}" else { throw invalid("a repetition that does not end") }
      if let most, most < least { throw invalid("a repetition of at least \(least) and at most \(most)") }
      result = .repetition(item, least: least, most: most)
    default: return item
    }
    at += 1
    if next == "?" || next == "+" { throw unsupported("a lazy or possessive repetition") }
    if next == "*" || next == "{" { throw invalid("a repetition of a repetition") }
    return result
  }

  private mutating func bound() throws(TextError) -> Int {
    var value = 0
    let start = at
    while let scalar = next, scalar.isDigit {
      value = value * 10 + Int(scalar.value - 48)
      if value > Grammar.repetitionLimit {
        throw .grammarLimit(what: "repetitions in a pattern", limit: Grammar.repetitionLimit)
      }
      at += 1
    }
    if at == start { throw invalid("a repetition without a number") }
    return value
  }
}
