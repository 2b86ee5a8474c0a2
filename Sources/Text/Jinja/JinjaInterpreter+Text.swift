extension JinjaInterpreter {
  /// What a value looks like in the output: Python's `str`. Only texts can be trusted.
  func text(of value: JinjaValue) throws(JinjaError) -> JinjaText {
    switch value {
    case .text(let text): return text
    case .undefined: return JinjaText()
    default:
      var out = ""
      try represent(value, &out)
      return JinjaText(out, isTrusted: false)
    }
  }

  /// Python's `repr`. Whatever is neither text, number, list nor dictionary shows what it is.
  private func represent(_ value: JinjaValue, _ out: inout String) throws(JinjaError) {
    try charge(1)
    if out.utf8.count > 4 * limits.textLength { try charge(text: .max) }
    switch value {
    case .undefined: out += "Undefined"
    case .none: out += "None"
    case .bool(let value): out += value ? "True" : "False"
    case .integer(let value): out += String(value)
    case .float(let value): out += Self.digits(of: value)
    case .text(let text): try represent(text.scalars, &out)
    case .list(let list):
      out += list.isTuple ? "(" : "["
      for (index, element) in list.elements.enumerated() {
        if index > 0 { out += ", " }
        try represent(element, &out)
      }
      if list.isTuple, list.elements.count == 1 { out += "," }
      out += list.isTuple ? ")" : "]"
    case .dictionary(let dictionary):
      out += "{"
      for (index, key) in dictionary.keys.enumerated() {
        if index > 0 { out += ", " }
        try represent(key, &out)
        out += ": "
        try represent(dictionary.values[index], &out)
      }
      out += "}"
    case .series, .namespace, .loop, .macro, .function, .method: out += "<\(value.typeName)>"
    }
  }

  private func represent(_ scalars: [Unicode.Scalar], _ out: inout String) throws(JinjaError) {
    try charge(text: scalars.count)
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    out.unicodeScalars.append(quote)
    for scalar in scalars {
      switch scalar {
      case quote, "\\":
        out += "\\"
        out.unicodeScalars.append(scalar)
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where !Self.isPrintable(scalar):
        let digits = String(scalar.value, radix: 16)
        let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        out += "\\\(mark)" + String(repeating: "0", count: max(0, width - digits.count)) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out.unicodeScalars.append(quote)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value >= 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }

  /// The shortest digits of a number, in Python's form.
  static func digits(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    // Swift finds the same digits and places the point otherwise.
    var text = "\(value.magnitude)"
    var exponent = 0
    if let mark = text.firstIndex(of: "e") {
      exponent = Int(text[text.index(after: mark)...]) ?? 0
      text = String(text[..<mark])
    }
    var whole = text
    var fraction = ""
    if let point = text.firstIndex(of: ".") {
      whole = String(text[..<point])
      fraction = String(text[text.index(after: point)...])
    }
    var digits = whole + fraction
    var point = whole.count + exponent
    while digits.hasPrefix("0"), digits.count > 1 {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
    let sign = value.sign == .minus ? "-" : ""
    if digits == "0" { return sign + "0.0" }
    if point > 16 || point < -3 {
      let rest = digits.dropFirst()
      let power = String((point - 1).magnitude)
      return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + (point > 0 ? "+" : "-")
        + (power.count < 2 ? "0" : "") + power
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) + ".0" }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
  }

  /// The text with what HTML reserves written out.
  func escaped(_ text: JinjaText) -> JinjaText {
    var changes = false
    var result = text.rewritten { scalars in
      var out: [Unicode.Scalar] = []
      for scalar in scalars {
        switch scalar {
        case "&": out += "&amp;".unicodeScalars
        case "<": out += "&lt;".unicodeScalars
        case ">": out += "&gt;".unicodeScalars
        case "'": out += "&#39;".unicodeScalars
        case "\"": out += "&#34;".unicodeScalars
        default:
          out.append(scalar)
          continue
        }
        changes = true
      }
      return out
    }
    if !changes { result = text }
    result.isMarkup = true
    return result
  }

  // MARK: Formats

  /// `format % values`.
  func formatted(_ format: JinjaText, _ values: JinjaValue) throws(JinjaError) -> JinjaText {
    if format.isMarkup { throw failure("a format that is safe for HTML") }
    try charge(text: format.count)
    var values: [JinjaValue] =
      if case .list(let list) = values, list.isTuple { list.elements } else { [values] }
    values.reverse()
    var out = JinjaText()
    var at = 0
    while at < format.count {
      guard format.scalars[at] == "%" else {
        out.append(format.scalars[at], isTrusted: format.isTrusted(at: at))
        at += 1
        continue
      }
      guard at + 1 < format.count else { throw failure("a format that ends with '%'") }
      let kind = format.scalars[at + 1]
      if kind == "%" {
        out.append("%", isTrusted: format.isTrusted(at: at))
      } else {
        guard let value = values.popLast() else { throw failure("a format with too few values") }
        switch kind {
        case "s": try append(try text(of: value), to: &out)
        case "d", "i":
          guard let number = value.number, let whole = Int(exactly: number.rounded(.towardZero)) else {
            throw failure("'%d' of a \(value.typeName)")
          }
          try append(JinjaText(String(value.integer ?? whole), isTrusted: false), to: &out)
        default: throw failure("the format '%\(kind)'")
        }
      }
      at += 2
    }
    if !values.isEmpty { throw failure("a format with too many values") }
    return out
  }

  /// `format.format(values)`, with fields that are empty, numbers or names.
  func formatted(_ format: JinjaText, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaText {
    if format.isMarkup { throw failure("a format that is safe for HTML") }
    var out = JinjaText()
    var next = 0
    var at = 0
    while at < format.count {
      let scalar = format.scalars[at]
      guard scalar == "{" || scalar == "}" else {
        out.append(scalar, isTrusted: format.isTrusted(at: at))
        at += 1
        continue
      }
      if at + 1 < format.count, format.scalars[at + 1] == scalar {
        out.append(scalar, isTrusted: format.isTrusted(at: at))
        at += 2
        continue
      }
      guard scalar == "{", let end = format.firstIndex(of: ["}"], from: at) else {
        throw failure("a format with a single '\(scalar)'")
      }
      let field = format[at + 1..<end].string
      let value: JinjaValue?
      if field.isEmpty {
        value = next < arguments.positional.count ? arguments.positional[next] : nil
        next += 1
      } else if let place = Int(field) {
        value = arguments.positional.indices.contains(place) ? arguments.positional[place] : nil
      } else {
        value = arguments.named.first { $0.name == field }?.value
      }
      guard let value else { throw failure("the field '{\(field.prefix(40))}' of a format") }
      try append(try text(of: value), to: &out)
      at = end + 1
    }
    return out
  }

  // MARK: JSON

  /// How `tojson` writes.
  struct JSONStyle {
    var indent: JinjaText?
    var itemSeparator = ", "
    var keySeparator = ": "
    var isASCII = false
    var sortsKeys = false
  }

  /// The value as JSON, as Python writes it: trusted only if every text in it is.
  func json(_ value: JinjaValue, _ style: JSONStyle) throws(JinjaError) -> JinjaText {
    var out = ""
    var isTrusted = true
    try write(value, style, level: 0, &out, &isTrusted)
    try charge(text: out.utf8.count)
    return JinjaText(out, isTrusted: isTrusted)
  }

  private func write(
    _ value: JinjaValue, _ style: JSONStyle, level: Int, _ out: inout String, _ isTrusted: inout Bool
  ) throws(JinjaError) {
    try charge(1)
    if out.utf8.count > 4 * limits.textLength { try charge(text: .max) }
    switch value {
    case .none: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value):
      isTrusted = false
      out += String(value)
    case .float(let value):
      isTrusted = false
      out += value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : Self.digits(of: value)
    case .text(let text): try write(text, style, &out, &isTrusted)
    case .list(let list):
      out += "["
      for (index, element) in list.elements.enumerated() {
        if index > 0 { out += style.itemSeparator }
        newLine(style, level + 1, &out)
        try write(element, style, level: level + 1, &out, &isTrusted)
      }
      if !list.elements.isEmpty { newLine(style, level, &out) }
      out += "]"
    case .dictionary(let dictionary):
      var order = Array(dictionary.keys.indices)
      if style.sortsKeys {
        order = try sorted(order) { (a, b) throws(JinjaError) in
          try self.precedes(dictionary.keys[a], dictionary.keys[b])
        }
      }
      out += "{"
      for (index, place) in order.enumerated() {
        if index > 0 { out += style.itemSeparator }
        newLine(style, level + 1, &out)
        switch dictionary.keys[place] {
        case .text(let key): try write(key, style, &out, &isTrusted)
        case .none, .bool, .integer, .float:
          var key = ""
          try write(dictionary.keys[place], style, level: 0, &key, &isTrusted)
          out += "\"\(key)\""
        case let key: throw failure("a \(key.typeName) as a key in JSON")
        }
        out += style.keySeparator
        try write(dictionary.values[place], style, level: level + 1, &out, &isTrusted)
      }
      if !order.isEmpty { newLine(style, level, &out) }
      out += "}"
    case .undefined: throw undefined(value)
    default: throw failure("a \(value.typeName) in JSON")
    }
  }

  private func newLine(_ style: JSONStyle, _ level: Int, _ out: inout String) {
    guard let indent = style.indent else { return }
    out += "\n" + String(repeating: indent.string, count: level)
  }

  private func write(
    _ text: JinjaText, _ style: JSONStyle, _ out: inout String, _ isTrusted: inout Bool
  ) throws(JinjaError) {
    if !text.isTrusted { isTrusted = false }
    try charge(text: text.count)
    func unit(_ value: UInt32) {
      let digits = String(value, radix: 16)
      out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    out += "\""
    for scalar in text.scalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{08}": out += "\\b"
      case "\u{0C}": out += "\\f"
      case _ where scalar.value < 0x20: unit(scalar.value)
      case _ where style.isASCII && scalar.value > 0x7E:
        for part in String(Character(scalar)).utf16 { unit(UInt32(part)) }
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }

  /// A stable sort whose order may fail.
  func sorted<Element>(
    _ elements: [Element], by precedes: (Element, Element) throws(JinjaError) -> Bool
  ) throws(JinjaError) -> [Element] {
    if elements.count < 2 { return elements }
    try charge(elements.count)
    let middle = elements.count / 2
    let left = try sorted(Array(elements[..<middle]), by: precedes)
    let right = try sorted(Array(elements[middle...]), by: precedes)
    var merged: [Element] = []
    merged.reserveCapacity(elements.count)
    var (i, j) = (0, 0)
    while i < left.count, j < right.count {
      if try precedes(right[j], left[i]) {
        merged.append(right[j])
        j += 1
      } else {
        merged.append(left[i])
        i += 1
      }
    }
    return merged + left[i...] + right[j...]
  }
}
