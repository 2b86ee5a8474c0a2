/// A grammar as a test makes it, and the plainest way to tell whether a text follows it: all places that a part of the text
/// can end at.
indirect enum NaiveGrammar {
  case text(String)
  case characters([ClosedRange<UInt32>], isInverted: Bool)
  case any
  case rule(Int)
  case sequence([NaiveGrammar])
  case choice([NaiveGrammar])
  case repetition(NaiveGrammar, Int, Int?)

  /// A random expression over the rules from `rule` on; only after something else may it call an earlier one.
  static func random(
    _ random: inout TestRandom, depth: Int, rules: Int, from rule: Int
  ) -> NaiveGrammar {
    let kind = Int.random(in: 0..<(depth > 0 ? 10 : 4), using: &random)
    func part() -> NaiveGrammar { .random(&random, depth: depth - 1, rules: rules, from: rule) }
    switch kind {
    case 0, 1: return .text(["a", "b", "ab", "é", "\u{1F600}", "", "\"\\\n"].randomElement(using: &random) ?? "a")
    case 2:
      let low = UInt32.random(in: 0x61...0x66, using: &random)
      let other = UInt32.random(in: 0xE0...0x2000, using: &random)
      return .characters([low...(low + 2), other...(other + 300)], isInverted: Bool.random(using: &random))
    case 3: return Bool.random(using: &random) ? .any : .text("c")
    case 4, 5: return .sequence((0..<Int.random(in: 1...3, using: &random)).map { _ in part() })
    case 6: return .choice((0..<Int.random(in: 1...3, using: &random)).map { _ in part() })
    case 7: return .repetition(part(), 0, Bool.random(using: &random) ? nil : 1)
    case 8:
      let least = Int.random(in: 0...2, using: &random)
      return .repetition(part(), least, Bool.random(using: &random) ? nil : least + 2)
    default:
      if rule + 1 < rules, Bool.random(using: &random) {
        return .rule(Int.random(in: (rule + 1)..<rules, using: &random))
      }
      // Recursion, with an end and never as the first symbol.
      return .choice([.text("x"), .sequence([.text("("), .rule(rule), .text(")")])])
    }
  }

  /// The expression in GBNF.
  var gbnf: String {
    switch self {
    case .text(let text):
      return "\"" + text.unicodeScalars.map { Self.escaped($0.value, inClass: false) }.joined() + "\""
    case .characters(let ranges, let isInverted):
      let parts = ranges.map {
        "\(Self.escaped($0.lowerBound, inClass: true))-\(Self.escaped($0.upperBound, inClass: true))"
      }
      return "[\(isInverted ? "^" : "")\(parts.joined())]"
    case .any: return "."
    case .rule(let rule): return rule == 0 ? "root" : "r\(rule)"
    case .sequence(let parts): return "(" + parts.map(\.gbnf).joined(separator: " ") + ")"
    case .choice(let parts): return "(" + parts.map(\.gbnf).joined(separator: " | ") + ")"
    case .repetition(let part, 0, nil): return part.gbnf + "*"
    case .repetition(let part, 1, nil): return part.gbnf + "+"
    case .repetition(let part, 0, 1): return part.gbnf + "?"
    case .repetition(let part, let least, nil): return part.gbnf + "{\(least),}"
    case .repetition(let part, let least, let most?):
      return part.gbnf + (least == most ? "{\(least)}" : "{\(least),\(most)}")
    }
  }

  private static func escaped(_ value: UInt32, inClass: Bool) -> String {
    let digits = String(value, radix: 16)
    if value < 0x20 || "\"\\[]-^".unicodeScalars.contains(where: { $0.value == value }) {
      return "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
    }
    if value > 0x500, value < 0x10000 { return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits }
    return Unicode.Scalar(value).map { String(Character($0)) } ?? ""
  }

  /// A text that follows the expression; nil where it does not end soon.
  func sample(_ rules: [NaiveGrammar], _ random: inout TestRandom, depth: Int = 0) -> [Unicode.Scalar]? {
    if depth > 40 { return nil }
    switch self {
    case .text(let text): return Array(text.unicodeScalars)
    case .any: return ["a", "é", "\u{10FFFF}", "\n"].randomElement(using: &random).map { [$0] }
    case .characters(let ranges, let isInverted):
      for _ in 0..<50 {
        let value = UInt32.random(in: isInverted ? 0...0x3000 : 0x61...0x2200, using: &random)
        if let scalar = Unicode.Scalar(value), ranges.contains(where: { $0.contains(value) }) != isInverted {
          return [scalar]
        }
      }
      return nil
    case .rule(let rule): return rules[rule].sample(rules, &random, depth: depth + 1)
    case .sequence(let parts):
      var all: [Unicode.Scalar] = []
      for part in parts {
        guard let text = part.sample(rules, &random, depth: depth + 1) else { return nil }
        all += text
      }
      return all
    case .choice(let parts): return parts.randomElement(using: &random)?.sample(rules, &random, depth: depth + 1)
    case .repetition(let part, let least, let most):
      var all: [Unicode.Scalar] = []
      for _ in 0..<Int.random(in: least...(most ?? least + 3), using: &random) {
        guard let text = part.sample(rules, &random, depth: depth + 1) else { return nil }
        all += text
      }
      return all
    }
  }

  /// Where a part of `text` that begins at one of `starts` and follows the expression can end.
  func ends(_ text: [Unicode.Scalar], _ starts: Set<Int>, _ rules: [NaiveGrammar]) -> Set<Int> {
    if starts.isEmpty { return [] }
    switch self {
    case .text(let part):
      let scalars = Array(part.unicodeScalars)
      return Set(starts.filter { text[$0...].starts(with: scalars) }.map { $0 + scalars.count })
    case .any: return Set(starts.filter { $0 < text.count }.map { $0 + 1 })
    case .characters(let ranges, let isInverted):
      return Set(
        starts.filter { start in
          start < text.count && ranges.contains { $0.contains(text[start].value) } != isInverted
        }.map { $0 + 1 })
    case .rule(let rule): return rules[rule].ends(text, starts, rules)
    case .sequence(let parts): return parts.reduce(starts) { $1.ends(text, $0, rules) }
    case .choice(let parts): return parts.reduce(into: []) { $0.formUnion($1.ends(text, starts, rules)) }
    case .repetition(let part, let least, let most):
      var current = starts
      for _ in 0..<least { current = part.ends(text, current, rules) }
      var all = current
      var count = least
      while most.map({ count < $0 }) ?? true {
        let next = part.ends(text, current, rules).subtracting(most == nil ? all : [])
        if next.isEmpty { break }
        all.formUnion(next)
        current = next
        count += 1
      }
      return all
    }
  }

  static func matches(_ rules: [NaiveGrammar], _ text: [Unicode.Scalar]) -> Bool {
    rules[0].ends(text, [0], rules).contains(text.count)
  }
}
