/// Cuts well-formed text into pieces by a ``SplitRule``.
struct WordScanner {
  let text: UnsafePointer<UInt8>
  let end: Int
  let classes: UnsafePointer<UInt8>
  let classLimit: UInt32

  /// The code point and the length of the character at a place before the end.
  @inline(__always)
  func scalar(_ position: Int) -> (point: UInt32, length: Int) {
    let first = text[position]
    if first < 0x80 { return (UInt32(first), 1) }
    let second = UInt32(text[position &+ 1] & 0x3F)
    if first < 0xE0 { return (UInt32(first & 0x1F) &<< 6 | second, 2) }
    let third = UInt32(text[position &+ 2] & 0x3F)
    if first < 0xF0 { return (UInt32(first & 0x0F) &<< 12 | second &<< 6 | third, 3) }
    let fourth = UInt32(text[position &+ 3] & 0x3F)
    return (UInt32(first & 0x07) &<< 18 | second &<< 12 | third &<< 6 | fourth, 4)
  }

  /// The class and the length of the character at a place before the end.
  @inline(__always)
  func character(_ position: Int) -> (kind: UInt8, length: Int) {
    let (point, length) = scalar(position)
    return (UnicodeClasses.kind(point, classes, classLimit), length)
  }

  /// The class of the character at a place, nothing at the end: no class asked for, and none avoided.
  @inline(__always)
  func kindIfAny(_ position: Int) -> (kind: UInt8, length: Int)? {
    position < end ? character(position) : nil
  }

  /// The end of the run of characters of any of these classes that starts at `position`; it may be empty.
  @inline(__always)
  func run(_ wanted: UInt8, from position: Int) -> Int {
    var position = position
    while position < end {
      let (kind, length) = character(position)
      if kind & wanted == 0 { break }
      position &+= length
    }
    return position
  }

  /// The end of the run of characters of none of these classes.
  @inline(__always)
  func run(without avoided: UInt8, from position: Int) -> Int {
    var position = position
    while position < end {
      let (kind, length) = character(position)
      if kind & avoided != 0 { break }
      position &+= length
    }
    return position
  }

  /// The end of the piece that starts at `start`, by a rule. Pieces follow one another up to the end of the text.
  @inline(__always)
  func pieceEnd(_ start: Int, _ rule: SplitRule) -> Int {
    switch rule {
    case .gpt2: gpt2WordEnd(start)
    case .gpt2SingleNumbers: gpt2SingleNumberEnd(start)
    case .words(let style): wordEnd(start, style)
    case .casedWords(let style): casedWordEnd(start, style)
    default: otherPieceEnd(start, rule)
    }
  }

  /// GPT-2's words.
  @inline(__always)
  func gpt2WordEnd(_ start: Int) -> Int {
    let (kind, length) = character(start)
    if kind & UnicodeClasses.letter != 0 { return run(UnicodeClasses.letter, from: start &+ length) }
    if kind & UnicodeClasses.number != 0 { return run(UnicodeClasses.number, from: start &+ length) }
    if kind & UnicodeClasses.space != 0 {
      if text[start] == 0x20, let (next, nextLength) = kindIfAny(start &+ 1), next & UnicodeClasses.space == 0 {
        let position = start &+ 1 &+ nextLength
        if next & UnicodeClasses.letter != 0 { return run(UnicodeClasses.letter, from: position) }
        if next & UnicodeClasses.number != 0 { return run(UnicodeClasses.number, from: position) }
        return run(without: UnicodeClasses.spaceLetterNumber, from: position)
      }
      return spaces(start)
    }
    if text[start] == 0x27, let contraction = contraction(start) { return contraction }
    return run(without: UnicodeClasses.spaceLetterNumber, from: start &+ length)
  }

  /// GPT-2's words in pieces between single numbers. A number takes no space, and ends the text before it.
  @inline(__always)
  func gpt2SingleNumberEnd(_ start: Int) -> Int {
    let (kind, length) = character(start)
    if kind & UnicodeClasses.letter != 0 { return run(UnicodeClasses.letter, from: start &+ length) }
    if kind & UnicodeClasses.number != 0 { return start &+ length }
    if kind & UnicodeClasses.space != 0 {
      if text[start] == 0x20, let (next, nextLength) = kindIfAny(start &+ 1),
        next & (UnicodeClasses.space | UnicodeClasses.number) == 0
      {
        let position = start &+ 1 &+ nextLength
        if next & UnicodeClasses.letter != 0 { return run(UnicodeClasses.letter, from: position) }
        return run(without: UnicodeClasses.spaceLetterNumber, from: position)
      }
      return spaces(start, beforeNumber: true)
    }
    if text[start] == 0x27, let contraction = contraction(start) { return contraction }
    return run(without: UnicodeClasses.spaceLetterNumber, from: start &+ length)
  }

  /// The end of a run of white space: its last character is left to the next word, unless it is the only one, or nothing
  /// follows, or a number that starts a piece of its own.
  @inline(__always)
  func spaces(_ start: Int, beforeNumber: Bool = false) -> Int {
    var position = start
    var last = start
    while position < end {
      let (kind, length) = character(position)
      if kind & UnicodeClasses.space == 0 {
        return last == start || beforeNumber && kind & UnicodeClasses.number != 0 ? position : last
      }
      last = position
      position &+= length
    }
    return end
  }

  /// The end of an English contraction in small letters that starts with the apostrophe at `start`.
  private func contraction(_ start: Int) -> Int? {
    guard start &+ 1 < end else { return nil }
    switch text[start &+ 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start &+ 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return follows(UInt8(ascii: "e"), start)
    case UInt8(ascii: "l"): return follows(UInt8(ascii: "l"), start)
    default: return nil
    }
  }

  private func follows(_ byte: UInt8, _ start: Int) -> Int? {
    start &+ 2 < end && text[start &+ 2] == byte ? start &+ 3 : nil
  }
}
