/// A regular expression that is matched in time proportional to the text, by following all ways at once (Thompson:
/// Regular expression search algorithm, 1968): literals, classes, groups, alternatives and repetition.
struct RegularExpression: Sendable {
  private indirect enum Part {
    case empty
    case set(CharacterSet)
    /// Between a word character and another one, or not so.
    case boundary(Bool)
    case sequence(Part, Part)
    case either(Part, Part)
    case many(Part)
  }

  private enum Step: Sendable {
    case take(CharacterSet)
    case boundary(Bool)
    case fork(Int, Int)
    case done
  }

  /// Characters by ranges of their numbers, or all but these.
  struct CharacterSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var isInverted = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar.value) } != isInverted }
  }

  private var steps: [Step] = []

  private static let words = CharacterSet(ranges: [48...57, 65...90, 95...95, 97...122])

  /// The most steps of a pattern; repetition counts multiply them.
  private static let limit = 20_000
  private static let lengthLimit = 4096

  /// Reads a pattern.
  init(_ pattern: String) throws {
    guard pattern.unicodeScalars.count <= Self.lengthLimit else {
      throw Refusal("a pattern of more than \(Self.lengthLimit) characters")
    }
    var reader = Reader(scalars: Array(pattern.unicodeScalars))
    let part = try reader.alternatives(depth: 0)
    guard reader.isAtEnd else { throw Refusal("the pattern '\(pattern.prefix(80))' at \(reader.position)") }
    try add(part)
    steps.append(.done)
  }

  private mutating func add(_ part: Part) throws {
    guard steps.count < Self.limit else { throw Refusal("a pattern of more than \(Self.limit) steps") }
    switch part {
    case .empty: break
    case .set(let set): steps.append(.take(set))
    case .boundary(let isBoundary): steps.append(.boundary(isBoundary))
    case .sequence(let a, let b):
      try add(a)
      try add(b)
    case .either(let a, let b):
      let fork = steps.count
      steps.append(.done)
      try add(a)
      let jump = steps.count
      steps.append(.done)
      steps[fork] = .fork(fork + 1, steps.count)
      try add(b)
      steps[jump] = .fork(steps.count, steps.count)
    case .many(let inner):
      let fork = steps.count
      steps.append(.done)
      try add(inner)
      steps.append(.fork(fork, fork))
      steps[fork] = .fork(fork + 1, steps.count)
    }
  }

  /// Whether all of the text is what the pattern means.
  func matches(_ text: String) -> Bool {
    var current: [Int] = []
    var seen = [Int](repeating: -1, count: steps.count)
    var turn = 0
    var isBoundary = false
    func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { Self.words.contains($0) } ?? false }
    func follow(_ start: Int, into list: inout [Int]) {
      var waiting = [start]
      while let step = waiting.popLast() {
        if seen[step] == turn { continue }
        seen[step] = turn
        switch steps[step] {
        case .fork(let a, let b): waiting += [b, a]
        case .boundary(let wanted): if wanted == isBoundary { waiting.append(step + 1) }
        default: list.append(step)
        }
      }
    }
    let scalars = Array(text.unicodeScalars)
    isBoundary = isWord(scalars.first)
    follow(0, into: &current)
    for (position, scalar) in scalars.enumerated() {
      turn += 1
      isBoundary = isWord(scalar) != isWord(position + 1 < scalars.count ? scalars[position + 1] : nil)
      var next: [Int] = []
      for step in current {
        if case .take(let set) = steps[step], set.contains(scalar) { follow(step + 1, into: &next) }
      }
      if next.isEmpty { return false }
      current = next
    }
    return current.contains { if case .done = steps[$0] { true } else { false } }
  }

  /// The reading of patterns.
  private struct Reader {
    let scalars: [Unicode.Scalar]
    var position = 0
    /// Parts made so far: repetition multiplies them.
    var parts = 0

    var isAtEnd: Bool { position == scalars.count }
    private var next: Unicode.Scalar? { isAtEnd ? nil : scalars[position] }

    private func fail(_ what: String) -> Refusal { Refusal("the pattern has \(what) at \(position)") }

    mutating func alternatives(depth: Int) throws -> Part {
      guard depth < 100 else { throw fail("groups too deep") }
      var part = try sequence(depth: depth)
      while next == "|" {
        position += 1
        part = .either(part, try sequence(depth: depth))
      }
      return part
    }

    private mutating func sequence(depth: Int) throws -> Part {
      var part = Part.empty
      while let scalar = next, scalar != "|", scalar != ")" {
        part = .sequence(part, try repeated(depth: depth))
      }
      return part
    }

    private mutating func repeated(depth: Int) throws -> Part {
      let start = parts
      let single = try atom(depth: depth)
      var part = single
      while let scalar = next {
        switch scalar {
        case "*": part = .many(part)
        case "+": part = .sequence(part, .many(part))
        case "?": part = .either(part, .empty)
        case "{":
          guard let (least, most) = try counts() else { return part }
          let size = max(1, parts - start)
          guard max(least, most ?? least) <= RegularExpression.limit / size else { throw fail("too many repetitions") }
          parts += size * max(least, most ?? least)
          var result = Part.empty
          for _ in 0..<least { result = .sequence(result, part) }
          if let most {
            var rest = Part.empty
            for _ in least..<max(least, most) { rest = .either(.sequence(part, rest), .empty) }
            result = .sequence(result, rest)
          } else {
            result = .sequence(result, .many(part))
          }
          part = result
          continue
        default: return part
        }
        parts += max(1, parts - start)
        guard parts < RegularExpression.limit else { throw fail("too many repetitions") }
        position += 1
        // Greed does not matter where the whole text must match.
        if next == "?" && scalar != "{" { position += 1 }
      }
      return part
    }

    /// `{2}`, `{2,}` or `{2,5}`; nothing where the brace is a character.
    private mutating func counts() throws -> (Int, Int?)? {
      var end = position + 1
      while end < scalars.count, scalars[end] != "}" { end += 1 }
      guard end < scalars.count else { return nil }
      let text = String(String.UnicodeScalarView(scalars[position + 1..<end]))
      let bounds = text.split(separator: ",", omittingEmptySubsequences: false)
      guard bounds.count <= 2, let least = Int(bounds[0]), least >= 0 else { throw fail("braces '\(text.prefix(20))'") }
      position = end + 1
      if bounds.count == 1 { return (least, least) }
      if bounds[1].isEmpty { return (least, nil) }
      guard let most = Int(bounds[1]), most >= least else { throw fail("braces '\(text.prefix(20))'") }
      return (least, most)
    }

    private mutating func atom(depth: Int) throws -> Part {
      parts += 1
      guard let scalar = next else { throw fail("an end") }
      position += 1
      switch scalar {
      case "(":
        if next == "?", position + 1 < scalars.count, scalars[position + 1] == ":" { position += 2 }
        let part = try alternatives(depth: depth + 1)
        guard next == ")" else { throw fail("a group without its end") }
        position += 1
        return part
      case "[": return .set(try characterClass())
      case ".": return .set(CharacterSet(ranges: [10...10], isInverted: true))
      case "^", "$": return .empty
      case "\\" where next == "b" || next == "B":
        position += 1
        return .boundary(scalars[position - 1] == "b")
      case "\\": return .set(try escape())
      case "*", "+", "?": throw fail("a repetition of nothing")
      default: return .set(CharacterSet(ranges: [scalar.value...scalar.value]))
      }
    }

    private mutating func escape() throws -> CharacterSet {
      guard let scalar = next else { throw fail("an end") }
      position += 1
      let digits: [ClosedRange<UInt32>] = [48...57]
      let blanks: [ClosedRange<UInt32>] = [9...13, 32...32]
      switch scalar {
      case "d": return CharacterSet(ranges: digits)
      case "D": return CharacterSet(ranges: digits, isInverted: true)
      case "w": return RegularExpression.words
      case "W": return CharacterSet(ranges: RegularExpression.words.ranges, isInverted: true)
      case "s": return CharacterSet(ranges: blanks)
      case "S": return CharacterSet(ranges: blanks, isInverted: true)
      case "n": return CharacterSet(ranges: [10...10])
      case "t": return CharacterSet(ranges: [9...9])
      case "r": return CharacterSet(ranges: [13...13])
      default:
        guard !(scalar.properties.isAlphabetic || (48...57).contains(scalar.value)) else {
          throw fail("an escape '\(scalar)'")
        }
        return CharacterSet(ranges: [scalar.value...scalar.value])
      }
    }

    private mutating func characterClass() throws -> CharacterSet {
      var set = CharacterSet()
      if next == "^" {
        set.isInverted = true
        position += 1
      }
      var isFirst = true
      while let scalar = next, scalar != "]" || isFirst {
        isFirst = false
        position += 1
        var low = scalar
        if scalar == "\\" {
          let escaped = try escape()
          guard !escaped.isInverted, escaped.ranges.count == 1, escaped.ranges[0].count == 1,
            let single = Unicode.Scalar(escaped.ranges[0].lowerBound)
          else {
            guard !escaped.isInverted else { throw fail("a class of what is not") }
            set.ranges += escaped.ranges
            continue
          }
          low = single
        }
        if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
          position += 1
          guard var high = next else { throw fail("an end") }
          position += 1
          if high == "\\" {
            let escaped = try escape()
            guard let first = escaped.ranges.first, let single = Unicode.Scalar(first.lowerBound) else {
              throw fail("a range")
            }
            high = single
          }
          guard low.value <= high.value else { throw fail("a range from \(low) to \(high)") }
          set.ranges.append(low.value...high.value)
        } else {
          set.ranges.append(low.value...low.value)
        }
      }
      guard next == "]" else { throw fail("a class without its end") }
      position += 1
      return set
    }
  }
}
