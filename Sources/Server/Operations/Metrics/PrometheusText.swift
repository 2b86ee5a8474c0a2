/// Names, labels and numbers of Prometheus' text form.
enum PrometheusText {
  /// A name of letters, digits, `_` and `:`.
  static func name(_ label: String) -> String {
    var name = ""
    for scalar in label.unicodeScalars {
      let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_" || scalar == ":"
      let isDigit = ("0"..."9").contains(scalar)
      if name.isEmpty, isDigit { name += "_" }
      name.unicodeScalars.append(isLetter || isDigit ? scalar : "_")
    }
    return name.isEmpty ? "_" : name
  }

  /// `{a="1",b="2"}`, nothing without labels.
  static func labels(_ labels: [(String, String)]) -> String {
    if labels.isEmpty { return "" }
    let parts = labels.map { "\(name($0.0).map { $0 == ":" ? "_" : String($0) }.joined())=\"\(escaped($0.1))\"" }
    return "{\(parts.joined(separator: ","))}"
  }

  private static func escaped(_ value: String) -> String {
    var out = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\"": out += "\\\""
      case "\n": out += "\\n"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// A number; whole ones without a point.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if let whole = Int(exactly: value) { return "\(whole)" }
    return "\(value)"
  }

  static func equal(_ a: [(String, String)], _ b: [(String, String)]) -> Bool { a.elementsEqual(b) { $0 == $1 } }
}
