/// What can stand after `|`.
enum JinjaFilters {
  static let names: Set<String> = [
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "format",
    "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace",
    "reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim", "unique",
    "upper", "wordcount",
  ]
}

extension JinjaInterpreter {
  func filter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    switch name {
    case "default", "d":
      try arguments.check(name, ["default_value", "boolean"], self)
      let replaces = value.isUndefined || (arguments.value(1, "boolean")?.isTrue == true && !value.isTrue)
      return replaces ? arguments.value(0, "default_value") ?? .trusted("") : value
    case "length", "count":
      try arguments.check(name, [], self)
      return .integer(try count(of: value))
    case "tojson": return .text(try json(value, try style(arguments)))
    case "string":
      try arguments.check(name, [], self)
      return .text(try text(of: value))
    case "safe":
      try arguments.check(name, [], self)
      var text = try text(of: value)
      text.isMarkup = true
      return .text(text)
    case "escape", "e":
      try arguments.check(name, [], self)
      let text = try text(of: value)
      if text.isMarkup { return .text(text) }
      try charge(text: text.count)
      let result = escaped(text)
      try charge(text: result.count)
      return .text(result)
    case "trim":
      try arguments.check(name, ["chars"], self)
      return try call(method: "strip", of: .text(try text(of: value)), arguments)
    case "upper", "lower":
      try arguments.check(name, [], self)
      return try call(method: name, of: .text(try text(of: value)), arguments)
    case "capitalize":
      try arguments.check(name, [], self)
      return try call(method: name, of: .text(try text(of: value)), arguments)
    case "title":
      try arguments.check(name, [], self)
      let text = try text(of: value)
      try charge(text: text.count)
      return .text(text.rewritten(Self.titled))
    case "replace":
      try arguments.check(name, ["old", "new", "count"], self)
      guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
        throw failure("the filter 'replace' without two values")
      }
      var plain = try text(of: value)
      plain.isMarkup = false
      let count = arguments.value(2, "count").flatMap(\.integer) ?? -1
      var (from, to) = (try text(of: old), try text(of: new))
      (from.isMarkup, to.isMarkup) = (false, false)
      return .text(try replaced(plain, from, to, count))
    case "format":
      if !arguments.named.isEmpty { throw failure("the filter 'format' with names") }
      return .text(try formatted(try text(of: value), .list(JinjaList(arguments.positional, isTuple: true))))
    case "indent": return .text(try indented(try text(of: value), arguments))
    case "wordcount":
      let text = try text(of: value)
      try charge(text: text.count)
      let parts = text.scalars.split { !($0.properties.isAlphabetic || $0.isDigit || $0 == "_") }
      return .integer(parts.count)
    case "int", "float", "abs", "round": return try number(name, value, arguments)
    default: return try filter(series: name, value, arguments)
    }
  }

  /// The words of a text with capital letters, as the filter `title` sees words.
  private static func titled(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var out: [Unicode.Scalar] = []
    var starts = true
    for scalar in scalars {
      if scalar == "-" || scalar.isPythonSpace || ["(", "{", "[", "<"].contains(scalar) {
        out.append(scalar)
        starts = true
      } else {
        out += (starts ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping).unicodeScalars
        starts = false
      }
    }
    return out
  }

  private func style(_ arguments: JinjaArguments) throws(JinjaError) -> JSONStyle {
    try arguments.check("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"], self)
    var style = JSONStyle()
    style.isASCII = arguments.value(0, "ensure_ascii")?.isTrue ?? false
    style.sortsKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
    switch arguments.value(1, "indent") {
    case nil, .some(.none): break
    case .text(let text)?: style.indent = text
    case let value?:
      guard let count = value.integer, count <= 64 else {
        throw failure("tojson with an indent that is no number to 64")
      }
      style.indent = JinjaText(String(repeating: " ", count: max(0, count)), isTrusted: true)
    }
    if style.indent != nil { style.itemSeparator = "," }
    if let indent = style.indent, indent.count > 64 { throw failure("tojson with an indent of more than 64") }
    switch arguments.value(2, "separators") {
    case nil, .some(.none): break
    case .list(let list)? where list.elements.count == 2:
      guard case .text(let item) = list.elements[0], case .text(let key) = list.elements[1] else { fallthrough }
      (style.itemSeparator, style.keySeparator) = (item.string, key.string)
    default: throw failure("tojson with separators that are not two texts")
    }
    return style
  }

  private func indented(_ text: JinjaText, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaText {
    try arguments.check("indent", ["width", "first", "blank"], self)
    let indent: JinjaText
    switch arguments.value(0, "width") {
    case nil: indent = "    "
    case .text(let text)?: indent = text
    case let width?:
      guard let count = width.integer, count <= 1024 else { throw failure("an indent that is no number to 1024") }
      indent = JinjaText(String(repeating: " ", count: max(0, count)), isTrusted: true)
    }
    let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
    var source = text
    source.append("\n")
    let lines = try self.lines(of: source, keepsEnds: false)
    var out = JinjaText()
    out.isMarkup = text.isMarkup
    for (index, line) in lines.enumerated() {
      if index > 0 { try append("\n", to: &out) }
      let isFirst = index == 0
      if isFirst ? arguments.value(1, "first")?.isTrue ?? false : indentsBlank || line.count > 0 {
        try append(indent, to: &out)
      }
      try append(line, to: &out)
    }
    return out
  }

  private func number(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue
  {
    switch name {
    case "int":
      try arguments.check(name, ["default", "base"], self)
      if arguments.value(1, "base") != nil { throw failure("the filter 'int' with a base") }
      let missing = arguments.value(0, "default") ?? .integer(0)
      if let whole = value.integer { return .integer(whole) }
      if let real = value.number { return Int(exactly: real.rounded(.towardZero)).map { .integer($0) } ?? missing }
      guard case .text(let text) = value else { return missing }
      let digits = text.stripped().string
      if let whole = Int(digits) { return .integer(whole) }
      if let real = Double(digits), let whole = Int(exactly: real.rounded(.towardZero)) { return .integer(whole) }
      return missing
    case "float":
      try arguments.check(name, ["default"], self)
      if let real = value.number { return .float(real) }
      if case .text(let text) = value, let real = Double(text.stripped().string) { return .float(real) }
      return arguments.value(0, "default") ?? .float(0)
    case "abs":
      if let whole = value.integer, whole != .min { return .integer(Swift.abs(whole)) }
      guard case .float(let real) = value else { throw failure("the filter 'abs' of a \(value.typeName)") }
      return .float(real.magnitude)
    default:
      try arguments.check(name, ["precision", "method"], self)
      guard let real = value.number, arguments.value(1, "method") == nil,
        let precision = (arguments.value(0, "precision") ?? .integer(0)).integer, (0...15).contains(precision)
      else { throw failure("the filter 'round' of a \(value.typeName)") }
      if value.integer != nil { return value }
      let power = (0..<precision).reduce(1.0) { power, _ in power * 10 }
      let scaled = (real * power).rounded(.toNearestOrEven)
      return scaled.isFinite ? .float(scaled / power) : value
    }
  }
}
