/// A file of the IDX format, in which MNIST and the data sets after it are kept: an array of numbers, big-endian.
///
/// Two zero bytes, the element type, the number of axes, the extents as 32-bit numbers, and the elements. Such files are
/// mostly compressed by gzip, and are read so too.
public struct IDXFile: Sendable {
  /// The numbers.
  public let array: NumberArray

  /// The most axes that are taken.
  public static let rankLimit = 16

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: the file, which may be compressed by gzip.
  ///   - limit: the most bytes that a compressed file may hold.
  /// - Throws: ``FormatError`` naming the field; offsets are those of the uncompressed file.
  public init(_ bytes: ByteView, limit: Int = 1 << 30) throws(FormatError) {
    let bytes = Gzip.isCompressed(bytes) ? try Gzip.decompressed(bytes, limit: limit) : bytes
    array = try bytes.withUnsafeBytes { (raw) throws(FormatError) in
      var reader = ByteReader(raw)
      let zeros = [try reader.uint8("magic"), try reader.uint8("magic")]
      guard zeros == [0, 0] else { throw .badMagic(field: "magic", offset: 0, found: zeros, expected: "an IDX file") }
      let code = try reader.uint8("element type")
      guard let type = Self.types[code] else {
        throw .unsupported(
          field: "element type", offset: 2, found: "\(code)",
          supported: Self.types.keys.sorted().map { String($0) }.joined(separator: ", "))
      }
      let rank = Int(try reader.uint8("axes"))
      guard rank <= Self.rankLimit else {
        throw .limitExceeded(field: "axes", offset: 3, value: UInt64(rank), limit: UInt64(Self.rankLimit))
      }
      var shape: [Int] = []
      for axis in 0..<rank { shape.append(Int(try reader.uint32("extent of axis \(axis)").byteSwapped)) }
      let start = reader.offset
      let needed = try NumberArray.byteCount(type, shape, field: "extents", offset: 4)
      let place = try reader.skip(UInt64(needed), "elements")
      guard reader.remaining == 0 else {
        throw .inconsistent(
          field: "elements", offset: place.upperBound, problem: "\(reader.remaining) bytes behind \(shape)")
      }
      let data =
        type.bytes == 1
        ? bytes[place] : NumberArray.reversed(UnsafeRawBufferPointer(rebasing: raw[place]), size: type.bytes)
      return try NumberArray(type: type, shape: shape, bytes: data, field: "elements", offset: start)
    }
  }

  private static let types: [UInt8: NumberType] = [
    0x08: .uint8, 0x09: .int8, 0x0B: .int16, 0x0C: .int32, 0x0D: .float32, 0x0E: .float64,
  ]
}
