/// How the reference tokenizer reads bytes that are no valid UTF-8, so that token numbers agree on every input: a byte that
/// starts no complete sequence becomes U+FFFD, overlong forms become the code point they spell, and surrogates stay.
enum LenientUTF8 {
  /// The bytes of U+FFFD.
  static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// Reads the code point at the start of `text`; `count` is at least 1.
  ///
  /// - Returns: the code point and the bytes it takes, or nil if the first byte is to be replaced.
  @inline(__always)
  static func scalar(_ text: UnsafePointer<UInt8>, count: Int) -> (point: UInt32, length: Int)? {
    let first = text[0]
    if first < 0x80 { return (UInt32(first), 1) }
    if first < 0xC0 || first >= 0xF8 { return nil }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard count >= length else { return nil }
    var point = UInt32(first) & (0x7F &>> UInt32(truncatingIfNeeded: length))
    for position in 1..<length {
      guard text[position] & 0xC0 == 0x80 else { return nil }
      point = point &<< 6 | UInt32(text[position] & 0x3F)
    }
    // The reference gives up on these; they are treated as other bytes that start nothing.
    return point <= 0x10FFFF ? (point, length) : nil
  }

  /// The bytes of a code point in shortest form.
  @inline(__always)
  static func width(_ point: UInt32) -> Int {
    point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4
  }

  /// The number of bytes after repair, and whether there is nothing to repair.
  static func survey(_ text: UnsafeBufferPointer<UInt8>) -> (count: Int, isIntact: Bool) {
    guard let base = text.baseAddress else { return (0, true) }
    var position = 0
    var total = 0
    var isIntact = true
    while position < text.count {
      let ascii = asciiPrefix(base + position, count: text.count &- position)
      position &+= ascii
      total &+= ascii
      guard position < text.count else { break }
      if let (point, length) = scalar(base + position, count: text.count &- position) {
        position &+= length
        total &+= width(point)
        if length != width(point) { isIntact = false }
      } else {
        position &+= 1
        total &+= replacement.count
        isIntact = false
      }
    }
    return (total, isIntact)
  }

  /// Writes the repaired bytes; `output` has room for the number of bytes that ``survey(_:)`` says.
  static func repair(_ text: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<UInt8>) {
    guard let base = text.baseAddress else { return }
    var position = 0
    var written = 0
    while position < text.count {
      guard let (point, length) = scalar(base + position, count: text.count &- position) else {
        for byte in replacement {
          output[written] = byte
          written &+= 1
        }
        position &+= 1
        continue
      }
      position &+= length
      written &+= write(point, to: output + written)
    }
  }

  static func write(_ point: UInt32, to output: UnsafeMutablePointer<UInt8>) -> Int {
    let width = width(point)
    guard width > 1 else {
      output[0] = UInt8(truncatingIfNeeded: point)
      return 1
    }
    var rest = point
    for position in stride(from: width - 1, to: 0, by: -1) {
      output[position] = 0x80 | UInt8(truncatingIfNeeded: rest & 0x3F)
      rest >>= 6
    }
    output[0] = UInt8(truncatingIfNeeded: 0xF00 &>> UInt32(truncatingIfNeeded: width)) | UInt8(truncatingIfNeeded: rest)
    return width
  }

  /// How many bytes at the start are ASCII, counted in steps of eight.
  @inline(__always)
  private static func asciiPrefix(_ text: UnsafePointer<UInt8>, count: Int) -> Int {
    var position = 0
    while position &+ 8 <= count {
      let word = UnsafeRawPointer(text + position).loadUnaligned(as: UInt64.self)
      if word & 0x8080_8080_8080_8080 != 0 { break }
      position &+= 8
    }
    return position
  }
}
