/// The printable characters that byte-level vocabularies write for the 256 bytes: a byte that is a visible Latin-1 character
/// stands for itself, the others take the code points from 256 on, in their order.
enum ByteAlphabet {
  /// The byte that a code point below ``limit`` stands for, or ``none``.
  static let byteOfPoint: [UInt16] = {
    var table = [UInt16](repeating: none, count: limit)
    var next = 256
    for byte in 0..<256 {
      if isVisible(byte) {
        table[byte] = UInt16(byte)
      } else {
        table[next] = UInt16(byte)
        next += 1
      }
    }
    return table
  }()

  /// One more than the largest code point of the alphabet: 188 bytes stand for themselves and 68 for others.
  static let limit = 256 + 68
  /// Marks a code point that stands for no byte.
  static let none = UInt16.max

  private static func isVisible(_ byte: Int) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
  }

  /// Turns alphabet characters into the bytes they stand for; `output` must have room for `count` bytes.
  ///
  /// - Returns: the number of bytes written, or, if a character stands for no byte, `-1 -` its offset.
  @inline(__always)
  static func decode(
    _ text: UnsafePointer<UInt8>, count: Int, table: UnsafePointer<UInt16>, into output: UnsafeMutablePointer<UInt8>
  ) -> Int {
    var position = 0
    var written = 0
    while position < count {
      let first = text[position]
      var byte = none
      var length = 1
      if first < 0x80 {
        byte = table[Int(first)]
      } else if first & 0xE0 == 0xC0, position &+ 1 < count, text[position &+ 1] & 0xC0 == 0x80 {
        // Overlong forms are refused: they would make two texts of one token.
        let point = Int(first & 0x1F) &<< 6 | Int(text[position &+ 1] & 0x3F)
        if point >= 0x80, point < limit { byte = table[point] }
        length = 2
      }
      if byte == none { return -1 &- position }
      output[written] = UInt8(truncatingIfNeeded: byte)
      written &+= 1
      position &+= length
    }
    return written
  }
}
