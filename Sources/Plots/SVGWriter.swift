/// Writes SVG, element by element; text is escaped.
struct SVGWriter {
  private(set) var text: String

  /// A picture of so many units; `title` is read out where it is not seen.
  init(width: Int, height: Int, title: String) {
    text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
      role="img" font-family="system-ui, sans-serif" font-size="13">
      <title>\(Self.escaped(title))</title>

      """
  }

  /// A style sheet.
  mutating func style(_ rules: String) { text += "<style>\n\(rules)\n</style>\n" }

  /// An element without content.
  mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>) {
    text += "<\(name)\(Self.text(attributes))/>\n"
  }

  /// A text.
  mutating func label(_ content: String, _ attributes: KeyValuePairs<String, String>) {
    text += "<text\(Self.text(attributes))>\(Self.escaped(content))</text>\n"
  }

  /// Ends the picture.
  mutating func end() { text += "</svg>\n" }

  private static func text(_ attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
  }

  /// Text with the characters that mean something in XML, and without those that it does not allow.
  static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// A number with at most two digits after the point.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? String(Int(rounded)) : "\(rounded)"
  }
}
