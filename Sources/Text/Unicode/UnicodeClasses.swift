/// What a code point is, as pre-tokenizers and normalizers ask: one byte for each, up to the last of the planes that hold
/// text. Behind it few are of any class.
struct UnicodeClasses: Sendable {
  static let other: UInt8 = 0
  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let space: UInt8 = 4
  static let mark: UInt8 = 8
  static let punctuation: UInt8 = 16
  static let symbol: UInt8 = 32
  /// A capital or title-case letter; of numbers, those that `\w` takes; of marks, those without a width of their own.
  static let upper: UInt8 = 64
  /// A small letter. On its own it marks controls, formats and private characters, which unassigned ones are not.
  static let lower: UInt8 = 128
  static let control = lower

  static let spaceLetterNumber = space | letter | number

  /// One table for the whole process, unpacked from the ranges at first use.
  static let shared = UnicodeClasses()

  /// One byte for each code point below ``limit``.
  let table: [UInt8]
  /// The first code point behind the table.
  let limit: UInt32

  private init() {
    let ranges = HexWords.parse(unicodeClassRanges)
    var starts: [(point: Int, kind: UInt8)] = []
    var point = 0
    for entry in ranges {
      point += Int(entry >> 8)
      starts.append((point, UInt8(truncatingIfNeeded: entry)))
    }
    let end = starts.lastIndex { $0.point < 0xE0000 } ?? 0
    var table = [UInt8](repeating: 0, count: starts[end].point)
    for index in 0..<end where starts[index].kind != 0 {
      for point in starts[index].point..<starts[index + 1].point { table[point] = starts[index].kind }
    }
    self.table = table
    limit = UInt32(table.count)
  }

  /// The class of a code point.
  @inline(__always)
  static func kind(_ point: UInt32, _ table: UnsafePointer<UInt8>, _ limit: UInt32) -> UInt8 {
    point < limit ? table[Int(point)] : kindBehind(point)
  }

  /// The class of a code point.
  func kind(_ point: UInt32) -> UInt8 {
    point < limit ? table[Int(point)] : UnicodeClasses.kindBehind(point)
  }

  /// The class of a code point behind the table: variation selectors, tags and private characters have one.
  private static func kindBehind(_ point: UInt32) -> UInt8 {
    switch point {
    case 0xE0100...0xE01EF: mark | upper
    case 0xE0001, 0xE0020...0xE007F, 0xF0000...0xFFFFD, 0x100000...0x10FFFD: control
    default: other
    }
  }
}
