/// Files compressed by gzip (RFC 1952).
public enum Gzip {
  /// Whether bytes begin as such a file does.
  public static func isCompressed(_ bytes: ByteView) -> Bool {
    bytes.withUnsafeBytes { $0.count >= 2 && $0[0] == 0x1F && $0[1] == 0x8B }
  }

  /// What a file holds; that of several one behind the other if it is made so. Checksums and sizes are compared.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limit: the most bytes that it may hold.
  /// - Throws: ``FormatError`` naming the field.
  public static func decompressed(_ bytes: ByteView, limit: Int = 1 << 30) throws(FormatError) -> ByteView {
    try bytes.withUnsafeBytes { (raw) throws(FormatError) in
      // The size that the file claims is only a guess at how much memory is wanted.
      let claim = raw.count < 18 ? 0 : raw.loadUnaligned(fromByteOffset: raw.count - 4, as: UInt32.self)
      let guess = min(Int(UInt32(littleEndian: claim)), raw.count.multipliedClamped(by: 16))
      let output = InflatedBytes(expecting: guess, limit: limit)
      var reader = ByteReader(raw)
      repeat { try member(&reader, raw, output) } while reader.remaining > 0
      return output.view
    }
  }

  private static func member(
    _ reader: inout ByteReader, _ raw: UnsafeRawBufferPointer, _ output: InflatedBytes
  ) throws(FormatError) {
    let start = reader.offset
    let magic = [try reader.uint8("gzip: magic"), try reader.uint8("gzip: magic")]
    guard magic == [0x1F, 0x8B] else {
      throw .badMagic(field: "gzip: magic", offset: start, found: magic, expected: "a gzip file")
    }
    let method = try reader.uint8("gzip: method")
    guard method == 8 else {
      throw .unsupported(field: "gzip: method", offset: start + 2, found: "\(method)", supported: "8 (DEFLATE)")
    }
    let flags = try reader.uint8("gzip: flags")
    guard flags & 0xE0 == 0 else {
      throw .unsupported(field: "gzip: flags", offset: start + 3, found: "\(flags)", supported: "0 to 31")
    }
    _ = try reader.skip(6, "gzip: time")
    if flags & 4 != 0 {
      let length = try reader.integer(UInt16.self, "gzip: extra length")
      _ = try reader.skip(UInt64(length), "gzip: extra")
    }
    if flags & 8 != 0 { while try reader.uint8("gzip: name") != 0 {} }
    if flags & 16 != 0 { while try reader.uint8("gzip: comment") != 0 {} }
    if flags & 2 != 0 {
      let header = CRC32.of(UnsafeRawBufferPointer(rebasing: raw[start..<reader.offset]))
      let at = reader.offset
      let claimed = try reader.integer(UInt16.self, "gzip: header checksum")
      guard claimed == UInt16(truncatingIfNeeded: header) else {
        throw .inconsistent(field: "gzip: header checksum", offset: at, problem: "is \(claimed), the header's differs")
      }
    }
    let first = output.count
    let end = try Inflater.inflate(raw, at: reader.offset, field: "gzip: data", into: output)
    _ = try reader.skip(UInt64(end - reader.offset), "gzip: data")
    let checksum = CRC32.of(UnsafeRawBufferPointer(start: output.base + first, count: output.count - first))
    let claimed = try reader.uint32("gzip: checksum")
    guard claimed == checksum else {
      throw .inconsistent(
        field: "gzip: checksum", offset: end, problem: "is \(claimed), that of the content is \(checksum)")
    }
    let size = try reader.uint32("gzip: size")
    guard size == UInt32(truncatingIfNeeded: output.count - first) else {
      throw .inconsistent(
        field: "gzip: size", offset: end + 4, problem: "is \(size), the content has \(output.count - first) bytes")
    }
  }
}
