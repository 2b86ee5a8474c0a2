/// Korean syllables, which decompose by arithmetic.
enum Hangul {
  static let first: UInt32 = 0xAC00
  static let count: UInt32 = 11172
  private static let (lead, vowel, trail): (UInt32, UInt32, UInt32) = (0x1100, 0x1161, 0x11A7)
  private static let (leads, vowels, trails): (UInt32, UInt32, UInt32) = (19, 21, 28)

  /// The two or three parts of a syllable.
  static func append(_ syllable: UInt32, to output: inout [UInt32]) {
    let index = syllable - first
    output.append(lead + index / (vowels * trails))
    output.append(vowel + index / trails % vowels)
    if index % trails != 0 { output.append(trail + index % trails) }
  }

  /// The syllable of two parts, the first of which may be a syllable without an end.
  static func compose(_ left: UInt32, _ right: UInt32) -> UInt32? {
    if left &- lead < leads, right &- vowel < vowels {
      return first + ((left - lead) * vowels + (right - vowel)) * trails
    }
    if left &- first < count, (left - first) % trails == 0, right &- trail &- 1 < trails - 1 {
      return left + (right - trail)
    }
    return nil
  }
}
