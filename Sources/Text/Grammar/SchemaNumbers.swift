import Formats

/// Numbers of JSON between bounds.
enum SchemaNumbers {
  private static let digit = GrammarExpression.characters(CodePointSet([0x30...0x39]))
  private static let nonZero = GrammarExpression.characters(CodePointSet([0x31...0x39]))

  /// Up to 15 digits, so that a Double holds them, and never one too many.
  private static let whole = GrammarExpression.choice([
    .text("0"), .sequence([nonZero, .repetition(digit, least: 0, most: 14)]),
  ])
  private static let fraction = GrammarExpression.sequence([.text("."), .repetition(digit, least: 1, most: 15)])
  private static let zeroFraction = GrammarExpression.sequence([
    .text("."), .repetition(.text("0"), least: 1, most: 15),
  ])
  /// A fraction that is not zero.
  private static let someFraction = GrammarExpression.sequence([
    .text("."), .repetition(.text("0"), least: 0, most: 7), nonZero, .repetition(digit, least: 0, most: 7),
  ])

  /// Any number.
  static let number = GrammarExpression.sequence([
    .optional(.text("-")), whole, .optional(fraction),
    .optional(
      .sequence([
        .characters(CodePointSet("eE".unicodeScalars)), .optional(.characters(CodePointSet("+-".unicodeScalars))),
        .repetition(digit, least: 1, most: 2),
      ])),
  ])

  /// The least and greatest number, whole ones, and whether they are excluded.
  struct Bounds {
    var low: Int?
    var high: Int?
    var excludesLow = false
    var excludesHigh = false
    let isInteger: Bool

    private static let limit = 999_999_999_999_999

    init(_ schema: SchemaKeywords, _ path: String, isInteger: Bool) throws(TextError) {
      self.isInteger = isInteger
      func bound(_ keyword: String, up: Bool) throws(TextError) -> Int? {
        guard let value = schema[keyword] else { return nil }
        guard let number = value.double else { throw .schemaInvalid(path: "\(path)/\(keyword)", problem: "no number") }
        var whole = number
        // Between two integers only the next one matters.
        if isInteger, number.rounded() != number {
          whole = number.rounded(up ? .up : .down)
          if keyword.hasPrefix("exclusive") { whole += up ? -1 : 1 }
        }
        guard let exact = Int(exactly: whole), exact.magnitude <= UInt(Self.limit) else {
          throw .schemaUnsupported(path: path, keyword: "\(keyword) that is not whole, or above \(Self.limit)")
        }
        return exact
      }
      low = try bound("minimum", up: true)
      high = try bound("maximum", up: false)
      if let other = try bound("exclusiveMinimum", up: true), low.map({ other >= $0 }) ?? true {
        low = other
        excludesLow = true
      }
      if let other = try bound("exclusiveMaximum", up: false), high.map({ other <= $0 }) ?? true {
        high = other
        excludesHigh = true
      }
      if isInteger {
        if excludesLow { low = low.map { $0 + 1 } }
        if excludesHigh { high = high.map { $0 - 1 } }
        excludesLow = false
        excludesHigh = false
      }
    }

    func expression(_ path: String) throws(TextError) -> GrammarExpression {
      if low == nil, high == nil {
        return isInteger ? .sequence([.optional(.text("-")), SchemaNumbers.whole]) : SchemaNumbers.number
      }
      let (low, high) = (low ?? -Self.limit, high ?? Self.limit)
      let isEmpty = low > high || (low == high && (excludesLow || excludesHigh))
      if isEmpty { throw .schemaInvalid(path: path, problem: "no number is between the bounds") }
      var parts: [GrammarExpression] = []
      // Below zero the bounds change sides.
      if low < 0 {
        let near = max(0, -high)
        let excludesNear = high <= 0 ? (excludesHigh || high == 0) : true
        // Zero has no sign, except before a fraction.
        parts += magnitudes(near, -low, excludesNear, excludesLow, isAboveZero: high > 0 || high == 0).map {
          .sequence([.text("-"), $0])
        }
      }
      if high >= 0 { parts += magnitudes(max(0, low), high, low >= 0 && excludesLow, excludesHigh, isAboveZero: false) }
      return .choice(parts)
    }

    /// Numbers without sign from `low` to `high`; without 0 itself if `isAboveZero`.
    private func magnitudes(
      _ low: Int, _ high: Int, _ excludesLow: Bool, _ excludesHigh: Bool, isAboveZero: Bool
    ) -> [GrammarExpression] {
      if isInteger {
        let low = isAboveZero ? max(1, low) : low
        return low <= high ? [SchemaNumbers.digits(low, high)] : []
      }
      var parts: [GrammarExpression] = []
      if low == high {
        return excludesLow || excludesHigh
          ? [] : [.sequence([.text(String(low)), .optional(SchemaNumbers.zeroFraction)])]
      }
      // Exactly the lowest, and what lies between it and the next.
      let first = GrammarExpression.text(String(low))
      parts.append(.sequence([first, excludesLow ? SchemaNumbers.someFraction : .optional(SchemaNumbers.fraction)]))
      if low + 1 <= high - 1 {
        parts.append(.sequence([SchemaNumbers.digits(low + 1, high - 1), .optional(SchemaNumbers.fraction)]))
      }
      if !excludesHigh { parts.append(.sequence([.text(String(high)), .optional(SchemaNumbers.zeroFraction)])) }
      return parts
    }
  }

  /// The whole numbers from `low` to `high`, both at least 0, in digits.
  static func digits(_ low: Int, _ high: Int) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    var low = low
    while low <= high {
      // As many numbers of the same length as there are.
      let length = String(low).count
      let top = (0..<length).reduce(1) { power, _ in power * 10 } - 1
      let end = min(high, top)
      parts.append(sameLength(Array(String(low).utf8), Array(String(end).utf8)))
      low = end + 1
    }
    return .choice(parts)
  }

  private static func sameLength(_ low: [UInt8], _ high: [UInt8]) -> GrammarExpression {
    guard let a = low.first, let b = high.first else { return .empty }
    let (lowRest, highRest) = (Array(low.dropFirst()), Array(high.dropFirst()))
    func range(_ from: UInt8, _ to: UInt8) -> GrammarExpression {
      .characters(CodePointSet([UInt32(from)...UInt32(to)]))
    }
    if a == b { return .sequence([range(a, a), sameLength(lowRest, highRest)]) }
    let zeros = [UInt8](repeating: 0x30, count: lowRest.count)
    let nines = [UInt8](repeating: 0x39, count: lowRest.count)
    var parts: [GrammarExpression] = []
    var (from, to) = (a, b)
    if lowRest != zeros {
      parts.append(.sequence([range(a, a), sameLength(lowRest, nines)]))
      from += 1
    }
    if highRest != nines {
      parts.append(.sequence([range(b, b), sameLength(zeros, highRest)]))
      to -= 1
    }
    if from <= to {
      parts.append(.sequence([range(from, to), .repetition(digit, least: lowRest.count, most: lowRest.count)]))
    }
    return .choice(parts)
  }
}
