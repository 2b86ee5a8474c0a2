/// A cursor over the fields of one Protocol Buffers message; all reads are checked against the message's end.
///
/// Only the four wire types in use are read; the groups of the first version of the format are refused.
struct ProtobufReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset: Int
  private let end: Int

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { offset >= end }

  /// A number of at most ten bytes of seven bits.
  mutating func varint(_ field: @autoclosure () -> String) throws(FormatError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard offset < end else {
        throw .truncated(field: field(), offset: start, needed: UInt64(offset - start + 1), available: end - start)
      }
      let byte = bytes[offset]
      offset += 1
      if shift == 63, byte > 1 {
        throw .invalidValue(
          field: field(), offset: start, value: "a varint of more than 64 bits", expected: "at most ten bytes")
      }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// A little-endian number of fixed width.
  mutating func fixed<T: FixedWidthInteger>(
    _ type: T.Type, _ field: @autoclosure () -> String
  ) throws(FormatError) -> T {
    let size = MemoryLayout<T>.size
    guard size <= end - offset else {
      throw .truncated(field: field(), offset: offset, needed: UInt64(size), available: end - offset)
    }
    defer { offset += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// The next field; `field` names the message.
  mutating func next(_ field: @autoclosure () -> String) throws(FormatError) -> ProtobufField {
    let start = offset
    let key = try varint(field())
    guard key >> 3 != 0, key >> 3 < 1 << 29 else {
      throw .invalidValue(
        field: field(), offset: start, value: "field number \(key >> 3)", expected: "a number from 1 to 2^29 - 1")
    }
    let value: ProtobufField.Value
    switch key & 7 {
    case 0: value = .varint(try varint(field()))
    case 1: value = .fixed64(try fixed(UInt64.self, field()))
    case 5: value = .fixed32(try fixed(UInt32.self, field()))
    case 2:
      let length = try varint(field())
      guard length <= UInt64(end - offset) else {
        throw .truncated(
          field: "\(field()) (field \(key >> 3))", offset: start, needed: length, available: end - offset)
      }
      value = .bytes(offset..<(offset + Int(length)))
      offset += Int(length)
    default:
      throw .invalidValue(
        field: field(), offset: start, value: "wire type \(key & 7)", expected: "a varint, a fixed number or bytes")
    }
    return ProtobufField(number: key >> 3, offset: start, value: value)
  }
}
