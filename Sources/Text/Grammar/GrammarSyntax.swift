/// What grammars of every notation are made of before they become an automaton. Code points, not bytes.
indirect enum GrammarExpression: Sendable {
  /// These bytes.
  case literal([UInt8])
  /// One code point of a set.
  case characters(CodePointSet)
  /// What a rule says.
  case rule(Int)
  case sequence([GrammarExpression])
  case choice([GrammarExpression])
  /// At least `least` times, at most `most` times; nil for any number.
  case repetition(GrammarExpression, least: Int, most: Int?)

  static let empty = GrammarExpression.sequence([])
  static let nothing = GrammarExpression.choice([])
  static func text(_ text: String) -> GrammarExpression { .literal(Array(text.utf8)) }
  static func optional(_ expression: GrammarExpression) -> GrammarExpression {
    .repetition(expression, least: 0, most: 1)
  }
}

/// A rule of a grammar.
struct GrammarRule: Sendable {
  var name: String
  var expression: GrammarExpression
}

/// A set of code points that UTF-8 can hold, as sorted ranges that do not touch.
struct CodePointSet: Sendable, Equatable {
  private(set) var ranges: [ClosedRange<UInt32>]

  /// Every code point but surrogates.
  static let all = CodePointSet([0...0x10FFFF])

  init(_ ranges: [ClosedRange<UInt32>]) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    // Surrogates are no characters.
    self.ranges = merged.flatMap { Self.cut($0, 0xD800...0xDFFF) }
  }

  init(_ scalars: some Sequence<Unicode.Scalar>) { self.init(scalars.map { $0.value...$0.value }) }

  private static func cut(_ range: ClosedRange<UInt32>, _ hole: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
    if range.upperBound < hole.lowerBound || range.lowerBound > hole.upperBound { return [range] }
    var parts: [ClosedRange<UInt32>] = []
    if range.lowerBound < hole.lowerBound { parts.append(range.lowerBound...hole.lowerBound - 1) }
    if range.upperBound > hole.upperBound { parts.append(hole.upperBound + 1...range.upperBound) }
    return parts
  }

  var isEmpty: Bool { ranges.isEmpty }

  func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } }

  /// All code points that are not in the set.
  var inverted: CodePointSet {
    var gaps: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
    return CodePointSet(gaps)
  }

  func union(_ other: CodePointSet) -> CodePointSet { CodePointSet(ranges + other.ranges) }

  func subtracting(_ other: CodePointSet) -> CodePointSet {
    var rest = ranges
    for hole in other.ranges { rest = rest.flatMap { Self.cut($0, hole) } }
    return CodePointSet(rest)
  }
}
