/// The words of GPT-4's descendants.
extension WordScanner {
  @inline(__always)
  private func isLineEnd(_ position: Int) -> Bool { text[position] == 0x0A || text[position] == 0x0D }

  /// Words that take one leading character, numbers in groups, punctuation with the line ends behind it, white space.
  @inline(__always)
  func wordEnd(_ start: Int, _ style: WordStyle) -> Int {
    let letters = style.marks ? UnicodeClasses.letter | UnicodeClasses.mark : UnicodeClasses.letter
    let (kind, length) = character(start)
    if kind & letters != 0 { return run(letters, from: start &+ length) }
    if kind & UnicodeClasses.number != 0 { return numberEnd(start, style.numbers) }
    if text[start] == 0x27, style.contractions, let contraction = anyCaseContraction(start) { return contraction }
    let next = kindIfAny(start &+ length)
    if let (next, nextLength) = next, next & letters != 0, !isLineEnd(start) {
      return run(letters, from: start &+ length &+ nextLength)
    }
    let avoided = UnicodeClasses.spaceLetterNumber | letters
    if kind & UnicodeClasses.space != 0 {
      guard text[start] == 0x20, let (next, nextLength) = next, next & avoided == 0 else { return lineOrSpaces(start) }
      return punctuationTail(run(without: avoided, from: start &+ 1 &+ nextLength), style)
    }
    return punctuationTail(run(without: avoided, from: start &+ length), style)
  }

  /// Words whose capitals come first: `[UL]*[lL]+` and `[UL]+[lL]*` with one leading character, U for capitals, l for small
  /// letters, L for letters without case and marks.
  func casedWordEnd(_ start: Int, _ style: WordStyle) -> Int {
    let (kind, length) = character(start)
    let startsWord = UnicodeClasses.letter | UnicodeClasses.number
    // The leading character is taken first, and given back where no word follows.
    if kind & startsWord == 0, !isLineEnd(start), let end = casedLetters(start &+ length) {
      return withContraction(end, style)
    }
    if kind & (UnicodeClasses.letter | UnicodeClasses.mark) != 0, let end = casedLetters(start) {
      return withContraction(end, style)
    }
    if kind & startsWord == 0, !isLineEnd(start) {
      let capitals = capitalsEnd(start &+ length)
      if capitals > start &+ length { return withContraction(capitals, style) }
    }
    if kind & UnicodeClasses.letter != 0 { return withContraction(capitalsEnd(start), style) }
    if kind & UnicodeClasses.number != 0 { return numberEnd(start, style.numbers) }
    if kind & UnicodeClasses.space != 0 {
      guard text[start] == 0x20, let (next, nextLength) = kindIfAny(start &+ 1),
        next & UnicodeClasses.spaceLetterNumber == 0
      else { return lineOrSpaces(start) }
      return punctuationTail(
        run(without: UnicodeClasses.spaceLetterNumber, from: start &+ 1 &+ nextLength), style)
    }
    return punctuationTail(run(without: UnicodeClasses.spaceLetterNumber, from: start &+ length), style)
  }

  @inline(__always)
  private func isCapital(_ kind: UInt8) -> Bool {
    kind & UnicodeClasses.mark != 0
      || kind & (UnicodeClasses.letter | UnicodeClasses.lower) == UnicodeClasses.letter
  }

  @inline(__always)
  private func isSmall(_ kind: UInt8) -> Bool {
    kind & UnicodeClasses.mark != 0
      || kind & (UnicodeClasses.letter | UnicodeClasses.upper) == UnicodeClasses.letter
  }

  /// The end of the run of capitals, letters without case and marks.
  private func capitalsEnd(_ start: Int) -> Int {
    var position = start
    while let (kind, length) = kindIfAny(position), isCapital(kind) { position &+= length }
    return position
  }

  /// The end of capitals with at least one small letter, letter without case or mark behind them.
  private func casedLetters(_ start: Int) -> Int? {
    var position = start
    var lastBoth: Int?
    while let (kind, length) = kindIfAny(position), isCapital(kind) {
      position &+= length
      if isSmall(kind) { lastBoth = position }
    }
    let capitals = position
    while let (kind, length) = kindIfAny(position), isSmall(kind) { position &+= length }
    // Without a small letter the run of capitals is given back up to one that may be a small one.
    return position > capitals ? position : lastBoth
  }

  private func withContraction(_ position: Int, _ style: WordStyle) -> Int {
    guard style.contractions, position < end, text[position] == 0x27 else { return position }
    return anyCaseContraction(position) ?? position
  }

  /// The end of a group of numbers; `limit` 0 is any.
  @inline(__always)
  func numberEnd(_ start: Int, _ limit: Int) -> Int {
    var position = start
    var count = 0
    while let (kind, length) = kindIfAny(position), kind & UnicodeClasses.number != 0, limit == 0 || count < limit {
      position &+= length
      count &+= 1
    }
    return position
  }

  @inline(__always)
  private func punctuationTail(_ position: Int, _ style: WordStyle) -> Int {
    guard style.lineEnds else { return position }
    var position = position
    while position < end, isLineEnd(position) || style.slashes && text[position] == 0x2F { position &+= 1 }
    return position
  }

  /// White space up to its last line end; without one, all but its last character where something follows.
  @inline(__always)
  func lineOrSpaces(_ start: Int) -> Int {
    var position = start
    var last = start
    var lineEnd = 0
    while position < end {
      let (kind, length) = character(position)
      if kind & UnicodeClasses.space == 0 {
        if lineEnd > 0 { return lineEnd }
        return last == start ? position : last
      }
      if isLineEnd(position) { lineEnd = position &+ 1 }
      last = position
      position &+= length
    }
    return lineEnd > 0 ? lineEnd : end
  }

  /// The end of an English contraction in any case that starts with the apostrophe at `start`.
  func anyCaseContraction(_ start: Int) -> Int? {
    guard start &+ 1 < end else { return nil }
    let first = text[start &+ 1] | 0x20
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start &+ 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      let second = first == UInt8(ascii: "l") ? UInt8(ascii: "l") : UInt8(ascii: "e")
      return start &+ 2 < end && text[start &+ 2] | 0x20 == second ? start &+ 3 : nil
    default: return nil
    }
  }
}
