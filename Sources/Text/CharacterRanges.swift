/// A set of characters, as ranges of code points in ascending order.
package struct CharacterRanges: Sendable, Equatable {
  private let bounds: [UInt32]

  /// Pairs of hexadecimal numbers: the first and the last code point of each range.
  init(_ pairs: StaticString) { bounds = HexWords.parse(pairs) }

  /// The ranges as a regular expression's class has them.
  var pattern: String {
    var text = ""
    for index in stride(from: 0, to: bounds.count, by: 2) {
      let ends = [bounds[index], bounds[index + 1]].map { Unicode.Scalar($0).map { String($0) } ?? "" }
      let width = bounds[index + 1] - bounds[index]
      text += width == 0 ? ends[0] : ends.joined(separator: width == 1 ? "" : "-")
    }
    return text
  }

  func contains(_ point: UInt32) -> Bool {
    // Ranges are few for the large sets and many only for letters; ASCII is met first.
    var low = 0
    var high = bounds.count / 2
    while low < high {
      let middle = (low + high) / 2
      if bounds[2 * middle + 1] < point { low = middle + 1 } else { high = middle }
    }
    return 2 * low < bounds.count && bounds[2 * low] <= point
  }

  /// U+4E00 to U+9FA5, U+0800 to U+4E00 and U+AC00 to U+D7FF, as DeepSeek's rules write them.
  static let deepSeekIdeographs = CharacterRanges("800 9FA5 AC00 D7FF")
  /// Ideographs and kana of DeepSeek-V3.
  static let ideographsAndKana = CharacterRanges("3040 30FF 4E00 9FA5")
  /// ASCII punctuation and symbols, their wide forms, quotation marks and CJK punctuation.
  static let deepSeekPunctuation = CharacterRanges("21 2F 3A 7E 2018 201F 3000 3002 FF01 FF0F FF1A FF5E")
  /// Letters with capital and small forms, as DeepSeek-LLM's rule lists them.
  static let deepSeekLetters = CharacterRanges(
    """
    41 5A 61 7A B5 B5 C0 D6 D8 F6 F8 1BA 1BC 1BF 1C4 293 295 2AF 370 373 376 377 37B 37D 37F 37F 386 386 388 38A \
    38C 38C 38E 3A1 3A3 3F5 3F7 481 48A 52F 531 556 10A0 10C5 13A0 13F5 13F8 13FD 1C90 1CBA 1CBD 1CBF 1D00 1D2B \
    1D6B 1D77 1D79 1D9A 1E00 1F15 1F18 1F1D 1F20 1F45 1F48 1F4D 1F50 1F57 1F59 1F59 1F5B 1F5B 1F5D 1F5D 1F5F \
    1F7D 1F80 1FB4 1FB6 1FBC 1FBE 1FBE 1FC2 1FC4 1FC6 1FCC 1FD0 1FD3 1FD6 1FDB 1FE0 1FEC 1FF2 1FF4 1FF6 1FFC \
    2102 2102 2107 2107 210A 2113 2115 2115 2119 211D 2124 2124 2126 2126 2128 2128 212A 212D 212F 2134 2139 \
    2139 213C 213F 2145 2149 214E 214E 2183 2184 2C00 2C7B 2C7E 2CE4 2CEB 2CEE 2CF2 2CF3 A640 A66D A680 A69B \
    A722 A76F A771 A787 A78B A78E AB70 ABBF FB00 FB06 FB13 FB17 FF21 FF3A FF41 FF5A 10400 1044F 104B0 104D3 \
    104D8 104FB 10C80 10CB2 10CC0 10CF2 118A0 118DF 1E900 1E943
    """)
  /// White space and the stops of BLOOM's rule.
  static let bloomStops = CharacterRanges(
    """
    9 D 20 21 28 29 2C 2C 2E 2E 3F 3F 7C 7C 85 85 A0 A0 60C 60C 6D4 6D4 964 964 1680 1680 2000 200A 2026 2026 \
    2028 2029 202F 202F 205F 205F 3000 3002 FF0C FF0C
    """)
}
