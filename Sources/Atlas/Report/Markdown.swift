import Formats

/// Markdown as results are written in it.
enum Markdown {
  /// A table; cells that would break it are escaped.
  static func table(_ heads: [String], _ rows: [[String]]) -> [String] {
    let lines = [heads, heads.map { _ in "---" }] + rows.map { $0.map(cell) }
    return lines.map { "| \($0.joined(separator: " | ")) |" }
  }

  /// Text that may stand in a cell.
  static func cell(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "|": out += "\\|"
      case "<": out += "&lt;"
      case "\n", "\r", "\r\n": out += " "
      default: out.append(character)
      }
    }
    return out
  }

  /// A number with three digits that count, whole from a thousand on: `1.23`, `0.00012`, `19300`.
  static func number(_ value: Double) -> String {
    let rounded = JSON.rounded(value, digits: value.magnitude >= 1000 ? 6 : 3)
    if case .number(let number) = rounded, number == number.rounded(), number.magnitude < 1e15 {
      return "\(Int(number))"
    }
    return rounded.line
  }
}
