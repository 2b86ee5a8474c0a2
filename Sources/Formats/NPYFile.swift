import NumericTypes

/// A numpy array file (`.npy`, versions 1 to 3) of row-major f32: its header for writing, and the whole for reading.
///
/// The format is a magic string, a version, a header of text that says type, order and shape, padded so that the data begin
/// at a multiple of 64 bytes, and the data.
public struct NPYFile: Sendable {
  /// The extents, outermost first.
  public let shape: [Int]
  /// The elements in row-major order.
  public let values: [Float]

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
  /// - Throws: ``FormatError`` naming the field for anything but row-major f32, and for a file that ends early or goes on.
  public init(_ bytes: [UInt8]) throws(FormatError) {
    guard bytes.count >= 8, Array(bytes[..<6]) == Self.magic else {
      throw .badMagic(field: "magic", offset: 0, found: Array(bytes.prefix(6)), expected: "a numpy array")
    }
    guard (1...3).contains(bytes[6]) else {
      throw .unsupported(field: "version", offset: 6, found: "\(bytes[6]).\(bytes[7])", supported: "1 to 3")
    }
    let start = bytes[6] == 1 ? 10 : 12
    let length = try Self.integer(bytes, 8..<start)
    guard length <= Self.largestHeader else {
      throw .limitExceeded(field: "header length", offset: 8, value: UInt64(length), limit: UInt64(Self.largestHeader))
    }
    guard bytes.count - start >= length else {
      throw .truncated(field: "header", offset: start, needed: UInt64(length), available: bytes.count - start)
    }
    let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
    try Self.expect("'<f4'", for: "descr", in: header, at: start)
    try Self.expect("False", for: "fortran_order", in: header, at: start)
    shape = try Self.shape(header, at: start)
    var needed = 4
    for extent in shape {
      do { needed = try checkedProduct(needed, extent, "the bytes of an array of \(shape)") } catch {
        throw .overflow(field: "header: shape", offset: start, computation: "\(error)")
      }
    }
    let first = start + length
    guard bytes.count - first == needed else {
      throw .inconsistent(
        field: "data", offset: first, problem: "\(bytes.count - first) bytes where \(shape) has \(needed)")
    }
    values = bytes.withUnsafeBytes { memory in
      (0..<needed / 4).map { index in
        Float(
          bitPattern: UInt32(
            littleEndian: memory.loadUnaligned(fromByteOffset: first + 4 * index, as: UInt32.self)))
      }
    }
  }

  private static func integer(_ bytes: [UInt8], _ range: Range<Int>) throws(FormatError) -> Int {
    guard range.upperBound <= bytes.count else {
      throw .truncated(
        field: "header length", offset: range.lowerBound, needed: UInt64(range.count),
        available: bytes.count - range.lowerBound)
    }
    return range.reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
  }

  /// What follows a key of the header.
  private static func value(_ key: String, in header: String) throws(FormatError) -> Substring {
    guard let place = header.firstRange(of: "'\(key)':") else { throw .missingKey(field: "header: \(key)") }
    return header[place.upperBound...].drop { $0 == " " }
  }

  private static func expect(
    _ expected: String, for key: String, in header: String, at offset: Int
  ) throws(FormatError) {
    let found = try value(key, in: header)
    if found.hasPrefix(expected) { return }
    throw .unsupported(field: "header: \(key)", offset: offset, found: String(found.prefix(8)), supported: expected)
  }

  private static func shape(_ header: String, at offset: Int) throws(FormatError) -> [Int] {
    let tuple = try value("shape", in: header)
    guard tuple.first == "(", let end = tuple.firstIndex(of: ")") else {
      throw .invalidValue(field: "header: shape", offset: offset, value: String(tuple.prefix(16)), expected: "a tuple")
    }
    var extents: [Int] = []
    for part in tuple.dropFirst().prefix(upTo: end).split(separator: ",") {
      let digits = part.filter { $0 != " " }
      if digits.isEmpty { continue }
      guard let extent = Int(digits), extent >= 0 else {
        throw .invalidValue(field: "header: shape", offset: offset, value: digits, expected: "whole numbers")
      }
      extents.append(extent)
    }
    return extents
  }
}
