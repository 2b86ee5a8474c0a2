/// A piece of a template's source.
struct JinjaToken: Equatable {
  enum Kind: Equatable {
    case text, blockStart, blockEnd, outputStart, outputEnd, name, string, integer, float, symbol, end
  }

  var kind: Kind
  var line: Int
  /// What stands there; of a string what it means.
  var text: String

  /// How it is named in messages.
  var shown: String {
    switch kind {
    case .end: "the end of the template"
    case .blockEnd: "the end of the tag"
    case .outputEnd: "the end of the output"
    case .text: "text"
    default: "'\(text.prefix(40))'"
    }
  }
}

/// Cuts a template into tokens as the reference does with `trim_blocks` and `lstrip_blocks`: the newline after a tag and the
/// blanks before it on its line are left out, and so is one newline at the very end.
struct JinjaLexer {
  private let source: [Unicode.Scalar]
  private var at = 0
  private var line = 1
  private var tokens: [JinjaToken] = []
  /// Whether what came before ended with a newline.
  private var startsLine = true

  static let tokenLimit = 200_000

  private init(_ text: String) {
    source = Self.unified(text)
  }

  /// The text with one kind of newline, without the last one.
  private static func unified(_ text: String) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(text.utf8.count)
    var afterReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", afterReturn {
        afterReturn = false
        continue
      }
      afterReturn = scalar == "\r"
      scalars.append(afterReturn ? "\n" : scalar)
    }
    if scalars.last == "\n" { scalars.removeLast() }
    return scalars
  }

  static func tokens(of text: String) throws(JinjaError) -> [JinjaToken] {
    var lexer = JinjaLexer(text)
    try lexer.scan()
    return lexer.tokens
  }

  private func failure(_ problem: String) -> JinjaError { JinjaError(line: line, reason: .refused(problem)) }

  private func follows(_ text: StaticString, at place: Int) -> Bool {
    text.withUTF8Buffer { bytes in
      guard place + bytes.count <= source.count else { return false }
      for (offset, byte) in bytes.enumerated() where source[place + offset].value != UInt32(byte) { return false }
      return true
    }
  }

  private mutating func add(_ kind: JinjaToken.Kind, _ text: String, line: Int) throws(JinjaError) {
    guard tokens.count < Self.tokenLimit else {
      throw JinjaError(line: line, reason: .budget("tokens of its source", limit: Self.tokenLimit))
    }
    tokens.append(JinjaToken(kind: kind, line: line, text: text))
  }

  private func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: source[range])
    return String(view)
  }

  private mutating func advance(to place: Int) {
    for scalar in source[at..<place] where scalar == "\n" { line += 1 }
    if place > at { startsLine = source[place - 1] == "\n" }
    at = place
  }

  private mutating func skipSpace() {
    var place = at
    while place < source.count, source[place].isPythonSpace { place += 1 }
    advance(to: place)
  }

  private mutating func scan() throws(JinjaError) {
    while at < source.count {
      var open = at
      while open < source.count {
        if source[open] == "{", open + 1 < source.count, ["{", "%", "#"].contains(source[open + 1]) { break }
        open += 1
      }
      if open == source.count {
        try add(.text, text(at..<open), line: line)
        advance(to: open)
        break
      }
      let kind = source[open + 1]
      let sign = open + 2 < source.count ? source[open + 2] : " "
      var end = open
      if sign == "-" {
        while end > at, source[end - 1].isPythonSpace { end -= 1 }
      } else if sign != "+", kind != "{" {
        var start = open
        while start > at, source[start - 1] != "\n" { start -= 1 }
        if start > at || startsLine, start < open, source[start..<open].allSatisfy(\.isPythonSpace) { end = start }
      }
      if end > at { try add(.text, text(at..<end), line: line) }
      advance(to: open)
      let start = open + (sign == "-" || sign == "+" ? 3 : 2)
      switch kind {
      case "#": try comment(from: start)
      case "%":
        if let inside = rawStart(from: start) { try raw(from: inside) } else { try tag(from: start, isBlock: true) }
      default: try tag(from: start, isBlock: false)
      }
    }
    try add(.end, "", line: line)
  }

  /// Leaves a tag or comment whose closing mark starts at `place` and has `length` code points.
  private mutating func close(_ place: Int, length: Int, sign: Unicode.Scalar?, trims: Bool) {
    advance(to: place + length)
    if sign == "-" {
      skipSpace()
    } else if trims, sign != "+", at < source.count, source[at] == "\n" {
      advance(to: at + 1)
    }
  }

  private mutating func comment(from start: Int) throws(JinjaError) {
    var place = start
    while place < source.count {
      if follows("#}", at: place) { return close(place, length: 2, sign: nil, trims: true) }
      if follows("-#}", at: place) { return close(place, length: 3, sign: "-", trims: true) }
      if follows("+#}", at: place) { return close(place, length: 3, sign: "+", trims: true) }
      place += 1
    }
    throw failure("a comment that does not end")
  }

  /// Where the text of a `raw` block starts, if one does here.
  private func rawStart(from start: Int) -> Int? {
    var place = start
    while place < source.count, source[place].isPythonSpace { place += 1 }
    guard follows("raw", at: place) else { return nil }
    place += 3
    while place < source.count, source[place].isPythonSpace { place += 1 }
    if follows("%}", at: place) { return place + 2 }
    guard follows("-%}", at: place) else { return nil }
    place += 3
    while place < source.count, source[place].isPythonSpace { place += 1 }
    return place
  }

  private mutating func raw(from start: Int) throws(JinjaError) {
    advance(to: start)
    var open = start
    while open < source.count {
      if follows("{%", at: open) {
        var place = open + 2
        let sign: Unicode.Scalar? = place < source.count && ["-", "+"].contains(source[place]) ? source[place] : nil
        if sign != nil { place += 1 }
        while place < source.count, source[place].isPythonSpace { place += 1 }
        if follows("endraw", at: place) {
          place += 6
          while place < source.count, source[place].isPythonSpace { place += 1 }
          let closing: Unicode.Scalar? =
            place < source.count && ["-", "+"].contains(source[place]) ? source[place] : nil
          if follows("%}", at: closing == nil ? place : place + 1) {
            var end = open
            if sign == "-" {
              while end > start, source[end - 1].isPythonSpace { end -= 1 }
            } else if sign == nil {
              var begin = open
              while begin > start, source[begin - 1] != "\n" { begin -= 1 }
              if begin > start || startsLine, begin < open, source[begin..<open].allSatisfy(\.isPythonSpace) {
                end = begin
              }
            }
            if end > start { try add(.text, text(start..<end), line: line) }
            return close(place, length: closing == nil ? 2 : 3, sign: closing, trims: true)
          }
        }
      }
      open += 1
    }
    throw failure("a raw block that does not end")
  }

  private static let symbols: [StaticString] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
  ]

  private mutating func tag(from start: Int, isBlock: Bool) throws(JinjaError) {
    try add(isBlock ? .blockStart : .outputStart, "", line: line)
    advance(to: start)
    var open: [Unicode.Scalar] = []
    let mark: StaticString = isBlock ? "%}" : "}}"
    while true {
      skipSpace()
      guard at < source.count else { throw failure("a tag that does not end") }
      if open.isEmpty {
        let sign: Unicode.Scalar? = source[at] == "-" || (isBlock && source[at] == "+") ? source[at] : nil
        if follows(mark, at: sign == nil ? at : at + 1) {
          try add(isBlock ? .blockEnd : .outputEnd, "", line: line)
          return close(at, length: sign == nil ? 2 : 3, sign: sign, trims: isBlock)
        }
      }
      let scalar = source[at]
      switch scalar {
      case "'", "\"": try string(scalar)
      case "0"..."9": try number()
      case _ where scalar == "_" || scalar.properties.isAlphabetic: try name()
      default:
        guard let symbol = Self.symbols.first(where: { follows($0, at: at) }) else {
          throw failure("the character '\(scalar)' in a tag")
        }
        let text = symbol.description
        switch scalar {
        case "(": open.append(")")
        case "[": open.append("]")
        case "{": open.append("}")
        case ")", "]", "}":
          guard open.popLast() == scalar else { throw failure("'\(scalar)' without its opening bracket") }
        default: break
        }
        if open.count > JinjaParser.depthLimit {
          throw JinjaError(line: line, reason: .budget("nested brackets", limit: JinjaParser.depthLimit))
        }
        try add(.symbol, text, line: line)
        advance(to: at + text.utf8.count)
      }
    }
  }

  private mutating func name() throws(JinjaError) {
    var end = at
    while end < source.count, source[end] == "_" || source[end].properties.isAlphabetic || source[end].isDigit {
      end += 1
    }
    try add(.name, text(at..<end), line: line)
    advance(to: end)
  }

  private mutating func number() throws(JinjaError) {
    var end = at
    func digits() {
      while end < source.count, source[end].isDigit || (source[end] == "_" && end > at) { end += 1 }
    }
    digits()
    var isFloat = false
    if end + 1 < source.count, source[end] == ".", source[end + 1].isDigit {
      isFloat = true
      end += 1
      digits()
    }
    if end < source.count, source[end] == "e" || source[end] == "E" {
      let mark = end
      end += 1
      if end < source.count, source[end] == "+" || source[end] == "-" { end += 1 }
      let first = end
      digits()
      if end == first { end = mark } else { isFloat = true }
    }
    if end < source.count, source[end] == "_" || source[end].properties.isAlphabetic {
      throw failure("a number that ends with '\(source[end])'")
    }
    let digitsOnly = text(at..<end).filter { $0 != "_" }
    guard isFloat ? Double(digitsOnly)?.isFinite == true : Int(digitsOnly) != nil else {
      throw failure("the number \(digitsOnly.prefix(40)), which is out of range")
    }
    try add(isFloat ? .float : .integer, digitsOnly, line: line)
    advance(to: end)
  }

  private mutating func string(_ quote: Unicode.Scalar) throws(JinjaError) {
    var view = String.UnicodeScalarView()
    var place = at + 1
    while place < source.count, source[place] != quote {
      if source[place] != "\\" {
        view.append(source[place])
        place += 1
        continue
      }
      guard place + 1 < source.count else { break }
      let kind = source[place + 1]
      place += 2
      switch kind {
      case "\n": break
      case "\\", "'", "\"": view.append(kind)
      case "n": view.append("\n")
      case "t": view.append("\t")
      case "r": view.append("\r")
      case "a": view.append("\u{07}")
      case "b": view.append("\u{08}")
      case "f": view.append("\u{0C}")
      case "v": view.append("\u{0B}")
      case "0"..."7":
        var value = kind.value - 48
        var count = 1
        while count < 3, place < source.count, ("0"..."7").contains(source[place]) {
          value = value * 8 + source[place].value - 48
          place += 1
          count += 1
        }
        if let scalar = Unicode.Scalar(value) { view.append(scalar) }
      case "x", "u", "U":
        let count = kind == "x" ? 2 : kind == "u" ? 4 : 8
        guard place + count <= source.count, source[place] != "+",
          let value = UInt32(text(place..<place + count), radix: 16), let scalar = Unicode.Scalar(value)
        else { throw failure("a broken escape \\\(kind) in a string") }
        view.append(scalar)
        place += count
      case "N": throw failure("an escape \\N in a string")
      default:
        view.append("\\")
        view.append(kind)
      }
    }
    guard place < source.count else { throw failure("a string that does not end") }
    try add(.string, String(view), line: line)
    advance(to: place + 1)
  }
}

extension Unicode.Scalar {
  /// Whether it is one of the ten ASCII digits.
  var isDigit: Bool { ("0"..."9").contains(self) }
}
