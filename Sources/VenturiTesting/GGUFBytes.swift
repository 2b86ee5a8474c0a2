/// The encodings of GGUF's values, written down once more for the tests.
public enum GGUFBytes {
  /// Four bytes, little-endian.
  public static func u32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  /// Eight bytes, little-endian.
  public static func u64(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  /// A length and the bytes.
  public static func string(_ bytes: [UInt8]) -> [UInt8] { u64(UInt64(bytes.count)) + bytes }

  /// An element type, a count and the encoded elements.
  public static func array(of type: UInt32, count: Int, _ elements: [UInt8]) -> [UInt8] {
    array(of: type, claiming: UInt64(count), elements)
  }

  /// An array that claims to have `count` elements.
  public static func array(of type: UInt32, claiming count: UInt64, _ elements: [UInt8]) -> [UInt8] {
    u32(type) + u64(count) + elements
  }
}
