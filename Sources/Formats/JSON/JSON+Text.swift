extension JSON {
  /// The value as one line of JSON.
  public var line: String {
    var out = ""
    write(to: &out, indent: nil, depth: 0)
    return out
  }

  /// The value over several lines, two spaces to a level; short arrays of scalars stay on one line.
  public var pretty: String {
    var out = ""
    write(to: &out, indent: 2, depth: 0)
    return out
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private func write(to out: inout String, indent: Int?, depth: Int) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value): out += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &out)
    case .array(let values):
      let flat = indent == nil || values.allSatisfy(\.isScalar)
      out += "["
      for (index, value) in values.enumerated() {
        if index > 0 { out += flat && indent != nil ? ", " : "," }
        if !flat { Self.newLine(&out, indent, depth + 1) }
        value.write(to: &out, indent: indent, depth: depth + 1)
      }
      if !flat { Self.newLine(&out, indent, depth) }
      out += "]"
    case .object(let members):
      out += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { out += "," }
        Self.newLine(&out, indent, depth + 1)
        Self.write(member.key, to: &out)
        out += indent == nil ? ":" : ": "
        member.value.write(to: &out, indent: indent, depth: depth + 1)
      }
      if !members.isEmpty { Self.newLine(&out, indent, depth) }
      out += "}"
    }
  }

  private static func newLine(_ out: inout String, _ indent: Int?, _ depth: Int) {
    guard let indent else { return }
    out += "\n" + String(repeating: " ", count: indent * depth)
  }

  private static func write(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      // Line separators end a string literal in old JavaScript.
      case "\u{2028}": out += "\\u2028"
      case "\u{2029}": out += "\\u2029"
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
