import Formats

/// Text inside JSON strings.
enum SchemaText {
  private static let hex = GrammarExpression.characters(CodePointSet([0x30...0x39, 0x41...0x46, 0x61...0x66]))

  /// What stands in a string as it is.
  static let plain = CodePointSet([0...0x1F, 0x22...0x22, 0x5C...0x5C, 0x7F...0x7F]).inverted

  /// One character: as it is, or as an escape. Half a surrogate pair is none.
  static let anyCharacter = GrammarExpression.choice([
    .characters(plain),
    .sequence([
      .text("\\"),
      .choice([
        .characters(CodePointSet("\"\\/bfnrt".unicodeScalars)),
        .sequence([
          .text("u"),
          .choice([
            .sequence([
              .characters(CodePointSet([0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66])),
              .repetition(hex, least: 3, most: 3),
            ]),
            .sequence([
              .characters(CodePointSet("dD".unicodeScalars)), .characters(CodePointSet([0x30...0x37])),
              .repetition(hex, least: 2, most: 2),
            ]),
          ]),
        ]),
      ]),
    ]),
  ])

  /// One character of a set, as JSON writes it.
  static func character(_ set: CodePointSet) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    let usual = set.subtracting(plain.inverted)
    if !usual.isEmpty { parts.append(.characters(usual)) }
    for value in Array(0...0x1F as ClosedRange<UInt32>) + [0x22, 0x5C, 0x7F] where set.contains(value) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      parts.append(.literal(Array(JSON.string(String(Character(scalar))).line.utf8.dropFirst().dropLast())))
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  /// A member's name that is none of `names`, without escapes, and its quotes.
  static func key(except names: [String]) -> GrammarExpression {
    // Names that need an escape cannot be spelled here.
    let texts = names.map { Array($0.unicodeScalars) }.filter { $0.allSatisfy { plain.contains($0.value) } }
    return .sequence([.text("\""), other(than: texts[...].map { $0[...] }), .text("\"")])
  }

  private static func other(than texts: [ArraySlice<Unicode.Scalar>]) -> GrammarExpression {
    let anything = GrammarExpression.repetition(.characters(plain), least: 0, most: nil)
    var byFirst: [Unicode.Scalar: [ArraySlice<Unicode.Scalar>]] = [:]
    for text in texts { if let first = text.first { byFirst[first, default: []].append(text.dropFirst()) } }
    var parts: [GrammarExpression] = [
      .sequence([.characters(plain.subtracting(CodePointSet(byFirst.keys))), anything])
    ]
    for (first, rest) in byFirst.sorted(by: { $0.key < $1.key }) {
      parts.append(.sequence([.characters(CodePointSet([first])), other(than: rest)]))
    }
    // The end, unless it makes a name.
    if !texts.contains(where: \.isEmpty) { parts.append(.empty) }
    return .choice(parts)
  }

  /// Formats by their pattern. Dates leave the 29 February out, which not every year has.
  static let formats: [String: String] = [
    "date": "^\(date)$", "time": "^\(time)$", "date-time": "^\(date)T\(time)$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "ipv4": "^(\(octet)\\.){3}\(octet)$",
  ]
  private static let octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
  private static let date =
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
  private static let time =
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
}
