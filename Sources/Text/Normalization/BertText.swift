/// What BERT does to a text before it cuts it into words.
/// Paper: Devlin, Chang, Lee, Toutanova, *BERT: Pre-training of Deep Bidirectional Transformers*, 2019.
enum BertText {
  /// Applies the parts that are asked for, in BERT's order, to well-formed text.
  static func normalize(
    _ text: [UInt8], cleans: Bool, spacesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool
  ) -> [UInt8] {
    if text.allSatisfy({ (0x20..<0x7F).contains($0) }) {
      return lowercases ? text.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 } : text
    }
    let classes = UnicodeClasses.shared
    var points = LenientUTF8.points(text)
    if cleans { points = points.compactMap { clean($0, classes) } }
    if spacesIdeographs, points.contains(where: isIdeograph) {
      points = points.flatMap { isIdeograph($0) ? [0x20, $0, 0x20] : [$0] }
    }
    if stripsAccents {
      let nonspacing = UnicodeClasses.mark | UnicodeClasses.upper
      points = UnicodeForms.shared.decomposed(points, compatibly: false)
        .filter { classes.kind($0) & nonspacing != nonspacing }
    }
    if lowercases { points = NormalizationStep.lowercased(points) }
    return LenientUTF8.encode(points)
  }

  /// A space for white space, nothing for controls, private characters and U+FFFD.
  private static func clean(_ point: UInt32, _ classes: UnicodeClasses) -> UInt32? {
    if point == 0 || point == 0xFFFD { return nil }
    if point == 0x09 || point == 0x0A || point == 0x0D { return 0x20 }
    let kind = classes.kind(point)
    if kind == UnicodeClasses.control || point < 0x20 || point == 0x85 { return nil }
    return kind & UnicodeClasses.space != 0 ? 0x20 : point
  }

  /// The ranges that BERT counts as Chinese, with the one that its Rust form starts late.
  private static func isIdeograph(_ point: UInt32) -> Bool {
    switch point {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
