extension GGUFArray {
  /// The elements of a type of four bytes, as bits.
  var words: [UInt32] {
    bytes.withUnsafeBytes { bytes in
      let count = bytes.count / 4
      // All empty arrays share one storage, which is not to be written to, not even the count that it has.
      if count == 0 { return [] }
      return [UInt32](unsafeUninitializedCapacity: count) { words, initialized in
        for index in 0..<count {
          words[index] = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        }
        initialized = count
      }
    }
  }
}
