/// The class of every code point that a pre-tokenizer looks at, two bits each. Behind the last letter all are `other`.
struct UnicodeClasses: Sendable {
  static let other: UInt8 = 0
  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let space: UInt8 = 3

  /// One table for the whole process, unpacked from the ranges at first use.
  static let shared = UnicodeClasses()

  /// Four code points per byte.
  let packed: [UInt8]
  /// The first code point behind the table; all from here on are `other`.
  let limit: UInt32

  private init() {
    limit = ((unicodeClassRanges.last ?? 0) >> 2 + 3) & ~3
    var packed = [UInt8](repeating: 0, count: Int(limit) / 4)
    for index in 0..<unicodeClassRanges.count - 1 {
      let kind = UInt8(unicodeClassRanges[index] & 3)
      guard kind != UnicodeClasses.other else { continue }
      for point in Int(unicodeClassRanges[index] >> 2)..<Int(unicodeClassRanges[index + 1] >> 2) {
        packed[point >> 2] |= kind << UInt8(point & 3 * 2)
      }
    }
    self.packed = packed
  }
}
