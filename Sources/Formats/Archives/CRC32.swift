/// The checksum of gzip, zip and token files: CRC-32 with the polynomial 0xEDB88320, over bytes that come in parts.
public struct CRC32: Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  /// Eight tables: what a byte does that stands so many places before the end of eight.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      tables[byte] = value
    }
    for entry in 256..<2048 { tables[entry] = tables[entry - 256] >> 8 ^ tables[Int(tables[entry - 256] & 0xFF)] }
    return tables
  }()

  /// The checksum of nothing.
  public init() {}

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var crc = state
    Self.tables.withUnsafeBufferPointer { table in
      var at = 0
      while at + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ UInt64(crc)
        crc = 0
        for place in 0..<8 {
          crc ^= table[(7 - place) << 8 | Int(truncatingIfNeeded: word >> UInt64(8 * place)) & 0xFF]
        }
        at += 8
      }
      while at < bytes.count {
        crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[at])) & 0xFF)]
        at += 1
      }
    }
    state = crc
  }

  /// The checksum of all bytes so far.
  public var value: UInt32 { ~state }

  /// The checksum of `bytes`.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }
}
