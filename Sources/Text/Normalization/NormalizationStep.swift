/// One step that text goes through before it is cut into words.
package enum NormalizationStep: Sendable, Equatable {
  case nfc
  case nfd
  case nfkc
  case nfkd
  case lowercase
  /// Leaves out marks.
  case stripMarks
  /// Leaves out white space at the ends.
  case strip(left: Bool, right: Bool)
  /// Leaves out spaces at the ends.
  case trimSpaces
  /// Puts bytes in front of a text that is not empty.
  case prepend([UInt8])
  /// Puts bytes in the place of each occurrence of others.
  case replace([UInt8], [UInt8])
  /// Puts bytes in the place of each run of at least so many spaces.
  case replaceSpaces(atLeast: Int, [UInt8])
  /// SentencePiece's own map of characters.
  case characterMap(CharacterMap)
  /// Controls out, odd white space to spaces, as SentencePiece's `nmt`.
  case nmt
  /// BERT's: controls out and white space to spaces; spaces around ideographs; accents; capitals.
  case bert(cleans: Bool, spacesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool)

  /// Applies the step to well-formed text.
  func callAsFunction(_ text: [UInt8]) -> [UInt8] {
    let forms = UnicodeForms.shared
    switch self {
    case .nfc, .nfd, .nfkc, .nfkd:
      if Self.isPlain(text) { return text }
      let compatibly = self == .nfkc || self == .nfkd
      let composes = self == .nfc || self == .nfkc
      return Self.points(text) { points in
        let parts = forms.decomposed(points, compatibly: compatibly)
        return composes ? forms.composed(parts) : parts
      }
    case .lowercase: return Self.points(text, Self.lowercased)
    case .stripMarks:
      let classes = UnicodeClasses.shared
      if Self.isPlain(text) { return text }
      return Self.points(text) { $0.filter { classes.kind($0) & UnicodeClasses.mark == 0 } }
    case .strip(let left, let right):
      let classes = UnicodeClasses.shared
      func isSpace(_ point: UInt32) -> Bool { classes.kind(point) & UnicodeClasses.space != 0 }
      return Self.points(text) { points in
        var kept = points[...]
        if left { kept = kept.drop(while: isSpace) }
        while right, let last = kept.last, isSpace(last) { kept.removeLast() }
        return Array(kept)
      }
    case .trimSpaces:
      guard let first = text.firstIndex(where: { $0 != 0x20 }), let last = text.lastIndex(where: { $0 != 0x20 }) else {
        return []
      }
      return Array(text[first...last])
    case .prepend(let bytes): return text.isEmpty ? text : bytes + text
    case .replace(let old, let new): return Self.replace(text, old, new)
    case .replaceSpaces(let least, let new): return Self.replaceSpaces(text, least, new)
    case .characterMap(let map): return map.apply(text)
    case .nmt: return Self.points(text) { $0.compactMap(Self.nmt) }
    case .bert(let cleans, let spacesIdeographs, let stripsAccents, let lowercases):
      return BertText.normalize(
        text, cleans: cleans, spacesIdeographs: spacesIdeographs, stripsAccents: stripsAccents, lowercases: lowercases)
    }
  }

  private static func isPlain(_ text: [UInt8]) -> Bool { text.allSatisfy { $0 < 0x80 } }

  static func lowercased(_ points: [UInt32]) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(points.count)
    for point in points { UnicodeForms.shared.appendLowercase(point, to: &output) }
    return output
  }

  /// Works on the code points of a text.
  private static func points(_ text: [UInt8], _ body: ([UInt32]) -> [UInt32]) -> [UInt8] {
    LenientUTF8.encode(body(LenientUTF8.points(text)))
  }

  private static func replace(_ text: [UInt8], _ old: [UInt8], _ new: [UInt8]) -> [UInt8] {
    guard let first = old.first, text.count >= old.count else { return text }
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      if text[position] == first, text.count - position >= old.count,
        old.count == 1 || text[position..<position + old.count].elementsEqual(old)
      {
        output += new
        position += old.count
      } else {
        output.append(text[position])
        position += 1
      }
    }
    return output
  }

  private static func replaceSpaces(_ text: [UInt8], _ least: Int, _ new: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var spaces = 0
    func flush(_ output: inout [UInt8]) {
      if spaces >= least { output += new } else { output += [UInt8](repeating: 0x20, count: spaces) }
      spaces = 0
    }
    for byte in text {
      if byte == 0x20 {
        spaces += 1
      } else {
        flush(&output)
        output.append(byte)
      }
    }
    flush(&output)
    return output
  }

  /// What SentencePiece's `nmt` makes of a character; nothing for one that it leaves out.
  private static func nmt(_ point: UInt32) -> UInt32? {
    switch point {
    case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: nil
    case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: 0x20
    default: point
    }
  }
}
