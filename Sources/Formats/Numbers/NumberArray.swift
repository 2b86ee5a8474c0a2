import NumericTypes

/// An array of numbers as it came from a file: row-major, little-endian, at any address.
public struct NumberArray: Sendable, Equatable {
  /// The element type.
  public let type: NumberType
  /// The extents, outermost first; none for a single number.
  public let shape: [Int]
  /// The elements.
  public let bytes: ByteView

  /// The array that `bytes` hold.
  ///
  /// - Parameters:
  ///   - type: of an element.
  ///   - shape: the extents, outermost first.
  ///   - bytes: the elements.
  ///   - field: what the array is in its file.
  ///   - offset: where its bytes begin there.
  /// - Throws: ``FormatError`` naming `field` when sizes disagree.
  public init(
    type: NumberType, shape: [Int], bytes: ByteView, field: String = "data", offset: Int = 0
  ) throws(FormatError) {
    let needed = try Self.byteCount(type, shape, field: field, offset: offset)
    guard bytes.count == needed else {
      throw .inconsistent(
        field: field, offset: offset, problem: "\(bytes.count) bytes where \(shape) of \(type) has \(needed)")
    }
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  /// The bytes of an array.
  ///
  /// - Throws: ``FormatError`` naming `field` when an extent is below zero, or the size leaves 63 bits.
  static func byteCount(
    _ type: NumberType, _ shape: [Int], field: String, offset: Int
  ) throws(FormatError) -> Int {
    do throws(NumericsError) {
      return try checkedProduct(Shape(validating: shape).count, type.bytes, "the bytes of an array of \(shape)")
    } catch { throw .overflow(field: field, offset: offset, computation: "\(error)") }
  }

  /// The number of elements.
  public var count: Int { bytes.count / type.bytes }

  /// The elements as binary64; 64-bit integers are rounded, and a complex number is its real and its imaginary part.
  public func doubles() -> [Double] {
    switch type {
    case .float16: map(UInt16.self) { Double(floatFromHalf(bits: $0)) }
    case .float32, .complex64: map(UInt32.self) { Double(Float(bitPattern: $0)) }
    case .float64, .complex128: map(UInt64.self) { Double(bitPattern: $0) }
    case .bool, .uint8: map(UInt8.self) { Double($0) }
    case .int8: map(Int8.self) { Double($0) }
    case .uint16: map(UInt16.self) { Double($0) }
    case .int16: map(Int16.self) { Double($0) }
    case .uint32: map(UInt32.self) { Double($0) }
    case .int32: map(Int32.self) { Double($0) }
    case .uint64: map(UInt64.self) { Double($0) }
    case .int64: map(Int64.self) { Double($0) }
    }
  }

  /// The elements as binary32, rounded once; a complex number is its real and its imaginary part.
  public func floats() -> [Float] {
    switch type {
    case .float16: map(UInt16.self) { floatFromHalf(bits: $0) }
    case .float32, .complex64: map(UInt32.self) { Float(bitPattern: $0) }
    case .float64, .complex128: map(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .bool, .uint8: map(UInt8.self) { Float($0) }
    case .int8: map(Int8.self) { Float($0) }
    case .uint16: map(UInt16.self) { Float($0) }
    case .int16: map(Int16.self) { Float($0) }
    case .uint32: map(UInt32.self) { Float($0) }
    case .int32: map(Int32.self) { Float($0) }
    case .uint64: map(UInt64.self) { Float($0) }
    case .int64: map(Int64.self) { Float($0) }
    }
  }

  /// The elements as whole numbers.
  ///
  /// - Throws: ``FormatError`` for types that hold others, and for a number above 2⁶³ − 1.
  public func integers() throws(FormatError) -> [Int] {
    switch type {
    case .bool, .uint8: return map(UInt8.self) { Int($0) }
    case .int8: return map(Int8.self) { Int($0) }
    case .uint16: return map(UInt16.self) { Int($0) }
    case .int16: return map(Int16.self) { Int($0) }
    case .uint32: return map(UInt32.self) { Int($0) }
    case .int32: return map(Int32.self) { Int($0) }
    case .int64: return map(Int64.self) { Int($0) }
    case .uint64:
      let values = map(UInt64.self) { $0 }
      if let index = values.firstIndex(where: { $0 > UInt64(Int.max) }) {
        throw .invalidValue(
          field: "element \(index)", offset: 8 * index, value: "\(values[index])", expected: "at most \(Int.max)")
      }
      return values.map { Int($0) }
    case .float16, .float32, .float64, .complex64, .complex128:
      throw .wrongType(field: "elements", offset: 0, found: type.rawValue, expected: "whole numbers")
    }
  }

  private func map<Bits: FixedWidthInteger, Value>(_: Bits.Type, _ value: (Bits) -> Value) -> [Value] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / MemoryLayout<Bits>.size).map {
        value(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Bits>.size, as: Bits.self)))
      }
    }
  }

  /// A copy of `source` with the bytes of each number of `size` bytes in the opposite order.
  static func reversed(_ source: UnsafeRawBufferPointer, size: Int) -> ByteView {
    var copy = [UInt8](repeating: 0, count: source.count)
    for start in stride(from: 0, to: source.count - source.count % size, by: size) {
      for byte in 0..<size { copy[start + byte] = source[start + size - 1 - byte] }
    }
    return ByteView(copying: copy)
  }
}
