/// Base64 as files of tokenizers have it (RFC 4648, section 4).
enum Base64 {
  /// The bytes of a text; nothing for one that is no base64.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text.utf8 {
      let value: UInt32
      switch byte {
      case 0x41...0x5A: value = UInt32(byte) - 0x41
      case 0x61...0x7A: value = UInt32(byte) - 0x61 + 26
      case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      case 0x3D:
        padding += 1
        continue
      default: return nil
      }
      if padding > 0 { return nil }
      bits = bits << 6 | value
      count += 1
      if count == 4 {
        for shift in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
        (bits, count) = (0, 0)
      }
    }
    guard (count + padding) % 4 == 0, count != 1, padding <= 2 else { return nil }
    if count == 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 4)) }
    if count == 3 { bytes += [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)] }
    return bytes
  }
}
