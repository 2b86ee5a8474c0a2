/// Cuts well-formed text into the words of a ``PreTokenizer``.
struct WordScanner {
  let text: UnsafePointer<UInt8>
  let end: Int
  let classes: UnsafePointer<UInt8>
  let classLimit: UInt32

  /// The class and the length of the character at a place before the end.
  @inline(__always)
  private func character(_ position: Int) -> (kind: UInt8, length: Int) {
    let first = text[position]
    if first < 0x80 { return (kind(UInt32(first)), 1) }
    let second = UInt32(text[position &+ 1] & 0x3F)
    if first < 0xE0 { return (kind(UInt32(first & 0x1F) &<< 6 | second), 2) }
    let third = UInt32(text[position &+ 2] & 0x3F)
    if first < 0xF0 { return (kind(UInt32(first & 0x0F) &<< 12 | second &<< 6 | third), 3) }
    let fourth = UInt32(text[position &+ 3] & 0x3F)
    return (kind(UInt32(first & 0x07) &<< 18 | second &<< 12 | third &<< 6 | fourth), 4)
  }

  @inline(__always)
  private func kind(_ point: UInt32) -> UInt8 {
    guard point < classLimit else { return UnicodeClasses.other }
    return classes[Int(point &>> 2)] &>> UInt8(truncatingIfNeeded: (point & 3) &* 2) & 3
  }

  /// The end of the run of one class that starts at `position`, which may be the end of the text.
  @inline(__always)
  private func run(_ wanted: UInt8, from position: Int) -> Int {
    var position = position
    while position < end {
      let (kind, length) = character(position)
      if kind != wanted { break }
      position &+= length
    }
    return position
  }

  /// The end of the word that starts at `start`, for text that is cut as SmolLM's is.
  @inline(__always)
  func smollmWordEnd(_ start: Int) -> Int {
    let (kind, length) = character(start)
    switch kind {
    case UnicodeClasses.letter: return run(kind, from: start &+ length)
    case UnicodeClasses.number: return start &+ length
    case UnicodeClasses.space:
      if text[start] == 0x20, start &+ 1 < end {
        let (next, nextLength) = character(start &+ 1)
        if next == UnicodeClasses.letter || next == UnicodeClasses.other {
          return run(next, from: start &+ 1 &+ nextLength)
        }
      }
      return spaces(start)
    default:
      if text[start] == 0x27, let contraction = contraction(start) { return contraction }
      return run(kind, from: start &+ length)
    }
  }

  /// The end of a run of white space: its last character is left to the next word, unless it is the only one, or a number or
  /// nothing follows.
  private func spaces(_ start: Int) -> Int {
    var position = start
    var last = start
    while position < end {
      let (kind, length) = character(position)
      if kind != UnicodeClasses.space {
        return kind == UnicodeClasses.number || last == start ? position : last
      }
      last = position
      position &+= length
    }
    return end
  }

  /// The end of an English contraction that starts with the apostrophe at `start`.
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
