/// A JSON string of so many characters, and the plainest way to tell whether bytes are a beginning of one.
struct NaiveString {
  let least: Int
  let most: Int?

  /// Whether a quote, `count` characters and then these bytes are such a string, or can become one by more bytes.
  func begins(_ count: Int, _ bytes: [UInt8]) -> Bool {
    var (at, count) = (0, count)
    while at < bytes.count {
      if bytes[at] == 0x22 { return count >= least && at == bytes.count - 1 }
      count += 1
      if let most, count > most { return false }
      guard let length = length(bytes, at) else { return false }
      at += length
    }
    return true
  }

  /// How many bytes the character at a place has, or would have; nil if it is none.
  private func length(_ bytes: [UInt8], _ at: Int) -> Int? {
    let first = bytes[at]
    if first == 0x5C { return escape(Array(bytes[at...])) }
    if first < 0x80 { return first < 0x20 || first == 0x7F ? nil : 1 }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    let known = bytes[at...].prefix(length)
    // Where it is cut, one of the lowest and highest ends makes it a character.
    for fill: [UInt8] in [[0x80, 0x80, 0x80], [0xBF, 0xBF, 0xBF], [0x90, 0x80, 0x80], [0x8F, 0xBF, 0xBF]] {
      let whole = Array(known) + fill.prefix(length - known.count)
      let decoded = String(decoding: whole, as: UTF8.self)
      if decoded.unicodeScalars.count == 1, decoded.utf8.elementsEqual(whole) { return length }
    }
    return nil
  }

  private func escape(_ bytes: [UInt8]) -> Int? {
    guard bytes.count > 1 else { return 2 }
    guard bytes[1] == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(bytes[1]) ? 2 : nil }
    let digits = bytes.dropFirst(2).prefix(4).map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.allSatisfy({ $0 != nil }) else { return nil }
    if digits.count > 1, digits[0] == 13, let second = digits[1], second >= 8 { return nil }
    return 6
  }
}
