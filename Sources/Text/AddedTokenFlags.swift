/// How an added token takes the text around it.
public struct AddedTokenFlags: Sendable, Equatable {
  /// Whether white space before it belongs to it.
  public var stripsLeft: Bool
  /// Whether white space behind it belongs to it.
  public var stripsRight: Bool
  /// Whether it stands only where no letter or number touches it.
  public var isWord: Bool

  /// Flags, all off where not said.
  public init(stripsLeft: Bool = false, stripsRight: Bool = false, isWord: Bool = false) {
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isWord = isWord
  }

  /// Drops matches inside of words and widens those that take white space; none takes what the one before has.
  static func apply(
    _ flags: [Int: AddedTokenFlags], to matches: [SpecialTokenMatcher.Match], in text: UnsafeBufferPointer<UInt8>
  ) -> [SpecialTokenMatcher.Match] {
    let classes = UnicodeClasses.shared
    let points = TextEdges(text: text, classes: classes)
    var kept: [SpecialTokenMatcher.Match] = []
    for var match in matches {
      guard let flag = flags[match.id] else {
        if match.start >= kept.last?.end ?? 0 { kept.append(match) }
        continue
      }
      if flag.isWord, points.isWord(before: match.start) || points.isWord(at: match.end) { continue }
      let end = kept.last?.end ?? 0
      // White space that the one before took may hold the beginning of this one.
      if match.start < end { continue }
      if flag.stripsLeft { match.start = points.spaceStart(before: match.start, from: end) }
      if flag.stripsRight { match.end = points.spaceEnd(from: match.end) }
      kept.append(match)
    }
    return kept
  }
}

/// What stands before and behind a place in a text.
private struct TextEdges {
  let text: UnsafeBufferPointer<UInt8>
  let classes: UnicodeClasses

  private func character(at position: Int) -> (kind: UInt8, point: UInt32, length: Int)? {
    guard position < text.count, let base = text.baseAddress else { return nil }
    let (point, length) = LenientUTF8.scalar(base + position, count: text.count - position) ?? (0xFFFD, 1)
    return (classes.kind(point), point, length)
  }

  private func start(before position: Int, from low: Int) -> Int? {
    guard position > low else { return nil }
    var start = position - 1
    while start > low, position - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  private func isWord(_ place: Int?) -> Bool {
    guard let place, let (kind, point, _) = character(at: place) else { return false }
    return kind & (UnicodeClasses.letter | UnicodeClasses.number | UnicodeClasses.mark) != 0 || point == 0x5F
  }

  func isWord(before position: Int) -> Bool { isWord(start(before: position, from: 0)) }

  func isWord(at position: Int) -> Bool { isWord(Optional(position)) }

  func spaceStart(before position: Int, from low: Int) -> Int {
    var position = position
    while let start = start(before: position, from: low), let (kind, _, length) = character(at: start),
      start + length == position, kind & UnicodeClasses.space != 0
    {
      position = start
    }
    return position
  }

  func spaceEnd(from position: Int) -> Int {
    var position = position
    while let (kind, _, length) = character(at: position), kind & UnicodeClasses.space != 0 { position += length }
    return position
  }
}
