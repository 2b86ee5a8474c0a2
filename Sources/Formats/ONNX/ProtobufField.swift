/// A field of a Protocol Buffers message as it lies on the wire.
struct ProtobufField {
  /// What the wire type says how to read.
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// Text, bytes, a message, or packed numbers: where they lie.
    case bytes(Range<Int>)

    var name: String {
      switch self {
      case .varint: "varint"
      case .fixed32: "32-bit number"
      case .fixed64: "64-bit number"
      case .bytes: "length-delimited"
      }
    }
  }

  /// The field's number in its message.
  let number: UInt64
  /// Where its key begins.
  let offset: Int
  /// What it holds.
  let value: Value
}
