/// Strings one after the other: string `i` is `bytes[offsets[i]..<offsets[i + 1]]`. They need not be UTF-8.
public struct GGUFStringArray: Sendable, Equatable {
  /// The strings' bytes without separators.
  public let bytes: [UInt8]
  /// Where each string begins, then the end: one more than there are strings.
  public let offsets: [UInt32]

  /// The number of strings.
  public var count: Int { offsets.count - 1 }

  /// The bytes of string `index`.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[Int(offsets[index])..<Int(offsets[index + 1])] }

  /// String `index` as text; bytes that are not UTF-8 become U+FFFD.
  public func string(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

  /// Decodes an array of strings in one pass, two allocations in all.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)`` when the bytes are no longer those that were
  ///   parsed: a mapped file may change.
  init(decoding array: GGUFArray, field: String, offset: Int) throws(FormatError) {
    let source = array.bytes.unsafeBytes
    let count = array.count
    let total = source.count - 8 * count
    var failure: FormatError?
    var starts: [UInt32] = []
    // Vocabularies are full of short strings: 16 bytes are copied at once where both sides have room for them.
    let slack = 16
    bytes = [UInt8](unsafeUninitializedCapacity: Swift.max(total, 0) + slack) { destination, initialized in
      let target = UnsafeMutableRawBufferPointer(destination)
      var read = 0
      var written = 0
      starts = [UInt32](unsafeUninitializedCapacity: count + 1) { table, tableCount in
        for index in 0..<count {
          table[index] = UInt32(truncatingIfNeeded: written)
          tableCount = index + 1
          guard read + 8 <= source.count else {
            failure = .truncated(field: "\(field)[\(index)]", offset: offset + read, needed: 8, available: 0)
            return
          }
          let length = UInt64(littleEndian: source.loadUnaligned(fromByteOffset: read, as: UInt64.self))
          read += 8
          guard length <= UInt64(source.count - read), length <= UInt64(total - written) else {
            failure = .truncated(
              field: "\(field)[\(index)]", offset: offset + read, needed: length, available: source.count - read)
            return
          }
          let size = Int(length)
          if size <= slack, read + slack <= source.count {
            let low = source.loadUnaligned(fromByteOffset: read, as: UInt64.self)
            let high = source.loadUnaligned(fromByteOffset: read + 8, as: UInt64.self)
            target.storeBytes(of: low, toByteOffset: written, as: UInt64.self)
            target.storeBytes(of: high, toByteOffset: written + 8, as: UInt64.self)
          } else if size > 0 {
            let tail = UnsafeMutableRawBufferPointer(rebasing: target[written...])
            tail.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[read..<read + size]))
          }
          read += size
          written += size
        }
        table[count] = UInt32(truncatingIfNeeded: written)
        tableCount = count + 1
      }
      initialized = written
    }
    if let failure { throw failure }
    offsets = starts
  }
}

extension GGUFStringArray: RandomAccessCollection {
  /// The first index.
  public var startIndex: Int { 0 }
  /// One past the last index.
  public var endIndex: Int { count }
}
