/// A numpy array file (`.npy`, versions 1 to 3): a header for writing row-major f32, and arrays of every number type for
/// reading.
///
/// The format is a magic string, a version, a header of text that says type, order and shape, padded so that the data begin
/// at a multiple of 64 bytes, and the data.
public struct NPYFile: Sendable {
  /// The numbers, whatever order and byte order they had in the file.
  public let array: NumberArray

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let largestHeader = 1 << 16

  /// The bytes before the data of an array; the data follow as little-endian f32.
  ///
  /// - Precondition: the extents are not negative.
  public static func header(shape: [Int]) -> [UInt8] {
    precondition(shape.allSatisfy { $0 >= 0 }, "an array of \(shape)")
    let extents = shape.map { String($0) }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }"
    let length = magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - length % 64) % 64) + "\n"
    let count = text.utf8.count
    return magic + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
  }

  /// Reads a file.
  ///
  /// - Throws: ``FormatError`` naming the field; for arrays of objects, texts, dates and records too, and for a file that
  ///   ends early or goes on.
  public init(_ bytes: ByteView) throws(FormatError) {
    array = try bytes.withUnsafeBytes { (raw) throws(FormatError) in
      var reader = ByteReader(raw)
      let start = try reader.skip(UInt64(min(6, raw.count)), "magic")
      guard Array(raw[start]) == Self.magic else {
        throw .badMagic(field: "magic", offset: 0, found: Array(raw[start]), expected: "a numpy array")
      }
      let version = (try reader.uint8("version"), try reader.uint8("version"))
      guard (1...3).contains(version.0) else {
        throw .unsupported(field: "version", offset: 6, found: "\(version.0).\(version.1)", supported: "1 to 3")
      }
      let length =
        version.0 == 1
        ? UInt64(try reader.integer(UInt16.self, "header length")) : UInt64(try reader.uint32("header length"))
      guard length <= UInt64(Self.largestHeader) else {
        throw .limitExceeded(
          field: "header length", offset: 8, value: length, limit: UInt64(Self.largestHeader))
      }
      let place = try reader.skip(length, "header")
      let header = try NPYHeader(raw, place)
      let needed = try NumberArray.byteCount(
        header.type, header.shape, field: "header: shape", offset: place.lowerBound)
      guard reader.remaining == needed else {
        throw .inconsistent(
          field: "data", offset: reader.offset,
          problem: "\(reader.remaining) bytes where \(header.shape) of \(header.type) has \(needed)")
      }
      var data = bytes[reader.offset..<raw.count]
      if header.isBigEndian {
        data = data.withUnsafeBytes { NumberArray.reversed($0, size: header.type.partBytes) }
      }
      if header.isFortranOrder {
        data = data.withUnsafeBytes { Self.rowMajor($0, shape: header.shape, size: header.type.bytes) }
      }
      return try NumberArray(type: header.type, shape: header.shape, bytes: data, offset: reader.offset)
    }
  }

  /// Elements whose first axis runs fastest, in the order in which the last one does.
  private static func rowMajor(_ source: UnsafeRawBufferPointer, shape: [Int], size: Int) -> ByteView {
    let count = source.count / size
    var copy = [UInt8](repeating: 0, count: source.count)
    var index = [Int](repeating: 0, count: shape.count)
    var strides = [Int](repeating: 1, count: shape.count)
    // Of an array with elements; its extents are at least 1 and their product fits.
    for axis in shape.indices.dropFirst() where count > 0 { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var place = 0
    for element in 0..<count {
      for byte in 0..<size { copy[element * size + byte] = source[place * size + byte] }
      for axis in shape.indices.reversed() {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < shape[axis] { break }
        place -= index[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return ByteView(copying: copy)
  }
}
