extension Array where Element == UInt8 {
  /// Appends an integer in little-endian order.
  package mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends a string as GGUF has it: a 64-bit length, then the bytes.
  package mutating func append(gguf text: some Collection<UInt8>) {
    append(littleEndian: UInt64(text.count))
    append(contentsOf: text)
  }
}
