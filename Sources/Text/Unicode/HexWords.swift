/// Reads the tables that scripts write: hexadecimal numbers with a space between.
enum HexWords {
  /// The numbers of a table.
  static func parse(_ text: StaticString) -> [UInt32] {
    text.withUTF8Buffer { bytes in
      var words: [UInt32] = []
      var word: UInt32 = 0
      for byte in bytes {
        if byte == 0x20 {
          words.append(word)
          word = 0
        } else {
          word = word &<< 4 | UInt32(byte & 0xF) &+ (byte > 0x40 ? 9 : 0)
        }
      }
      words.append(word)
      return words
    }
  }
}
