/// A list of byte strings, one after another in one block, so that a reader can hand over a whole vocabulary with two arrays
/// and not with one object per string.
public struct ByteStrings: Sendable {
  /// The bytes of all strings, without anything between them.
  public let bytes: [UInt8]
  /// Where each string starts in ``bytes``, and at the end the number of bytes: `count + 1` entries.
  public let offsets: [UInt32]

  /// The number of strings.
  public var count: Int { offsets.count - 1 }

  /// Takes the two arrays as they are.
  ///
  /// - Throws: ``TextError/malformedByteStrings(index:offset:bytes:)`` unless the offsets start at 0, never decrease and end
  ///   at the number of bytes.
  public init(bytes: [UInt8], offsets: [UInt32]) throws(TextError) {
    guard offsets.first == 0 else {
      throw .malformedByteStrings(index: 0, offset: Int(offsets.first ?? 0), bytes: bytes.count)
    }
    var last: UInt32 = 0
    for (index, offset) in offsets.enumerated() {
      guard offset >= last, Int(offset) <= bytes.count else {
        throw .malformedByteStrings(index: index, offset: Int(offset), bytes: bytes.count)
      }
      last = offset
    }
    guard Int(last) == bytes.count else {
      throw .malformedByteStrings(index: offsets.count - 1, offset: Int(last), bytes: bytes.count)
    }
    self.bytes = bytes
    self.offsets = offsets
  }

  /// Copies the UTF-8 bytes of strings; meant for small lists.
  ///
  /// - Throws: ``TextError/malformedByteStrings(index:offset:bytes:)`` if they have 4 GiB or more together.
  public init(_ strings: some Sequence<String>) throws(TextError) {
    var bytes: [UInt8] = []
    var offsets: [UInt32] = [0]
    for string in strings {
      bytes.append(contentsOf: string.utf8)
      guard let end = UInt32(exactly: bytes.count) else {
        throw .malformedByteStrings(index: offsets.count, offset: bytes.count, bytes: bytes.count)
      }
      offsets.append(end)
    }
    self.bytes = bytes
    self.offsets = offsets
  }

  /// The bytes of one string.
  public subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[Int(offsets[index])..<Int(offsets[index + 1])]
  }
}
