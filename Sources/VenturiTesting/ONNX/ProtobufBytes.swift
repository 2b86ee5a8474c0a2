/// Messages of Protocol Buffers as bytes, valid or not, for files made in tests.
public struct ProtobufBytes: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty message.
  public init() {}

  /// A message of the fields that `fill` writes.
  public init(_ fill: (inout ProtobufBytes) -> Void) { fill(&self) }

  /// A number in groups of seven bits.
  public static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// Adds bytes as they are.
  public mutating func raw(_ more: [UInt8]) { bytes += more }

  /// Adds a field's key.
  public mutating func key(_ number: UInt64, wire: UInt64) { bytes += Self.varint(number << 3 | wire) }

  /// Adds a whole number.
  public mutating func int(_ number: UInt64, _ value: Int64) {
    key(number, wire: 0)
    bytes += Self.varint(UInt64(bitPattern: value))
  }

  /// Adds a number of 32 bits.
  public mutating func float(_ number: UInt64, _ value: Float) {
    key(number, wire: 5)
    bytes += GGUFBytes.u32(value.bitPattern)
  }

  /// Adds bytes with their length, or with another length than theirs.
  public mutating func data(_ number: UInt64, _ content: [UInt8], length: UInt64? = nil) {
    key(number, wire: 2)
    bytes += Self.varint(length ?? UInt64(content.count)) + content
  }

  /// Adds text.
  public mutating func text(_ number: UInt64, _ text: String) { data(number, Array(text.utf8)) }

  /// Adds a message.
  public mutating func message(_ number: UInt64, _ fill: (inout ProtobufBytes) -> Void) {
    data(number, ProtobufBytes(fill).bytes)
  }

  /// Adds packed whole numbers.
  public mutating func packed(_ number: UInt64, _ values: [Int64]) {
    data(number, values.flatMap { Self.varint(UInt64(bitPattern: $0)) })
  }
}
