/// A metadata array as it lies in the file, decoded when asked for.
public struct GGUFArray: Sendable, Equatable {
  /// The type of the elements, never ``GGUFValueType/array``.
  public let elementType: GGUFValueType
  /// The number of elements.
  public let count: Int
  /// The encoded elements, without the array's type and count.
  public let bytes: ByteView

  /// The encoded elements of an array that was checked while parsing, or made by the writer.
  init(elementType: GGUFValueType, count: Int, bytes: ByteView) {
    self.elementType = elementType
    self.count = count
    self.bytes = bytes
  }

  /// An array of strings.
  public init(_ strings: [String]) {
    var encoded: [UInt8] = []
    for string in strings { encoded.append(gguf: string.utf8) }
    self.init(elementType: .string, count: strings.count, bytes: ByteView(copying: encoded))
  }

  /// An array of strings from bytes that need not be UTF-8.
  public init(byteStrings strings: [[UInt8]]) {
    var encoded: [UInt8] = []
    for string in strings { encoded.append(gguf: string) }
    self.init(elementType: .string, count: strings.count, bytes: ByteView(copying: encoded))
  }

  /// An array of integers, of the GGUF type of `T`.
  public init<T: GGUFInteger>(_ integers: [T]) {
    var encoded: [UInt8] = []
    for value in integers { encoded.append(littleEndian: value) }
    self.init(elementType: T.valueType, count: integers.count, bytes: ByteView(copying: encoded))
  }

  /// An array of float32.
  public init(_ floats: [Float]) {
    var encoded: [UInt8] = []
    for value in floats { encoded.append(littleEndian: value.bitPattern) }
    self.init(elementType: .float32, count: floats.count, bytes: ByteView(copying: encoded))
  }

  /// An array of float64.
  public init(_ doubles: [Double]) {
    var encoded: [UInt8] = []
    for value in doubles { encoded.append(littleEndian: value.bitPattern) }
    self.init(elementType: .float64, count: doubles.count, bytes: ByteView(copying: encoded))
  }

  /// An array of booleans.
  public init(_ bools: [Bool]) {
    self.init(elementType: .bool, count: bools.count, bytes: ByteView(copying: bools.map { $0 ? 1 : 0 }))
  }
}
