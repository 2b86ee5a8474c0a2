/// The element types of arrays of numbers in files.
public enum NumberType: String, Sendable, Hashable, CaseIterable {
  case bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64
  case float16, float32, float64, complex64, complex128

  /// The bytes of one element.
  public var bytes: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .complex64: 8
    case .complex128: 16
    }
  }

  /// Whether an element is a pair: its real part, then its imaginary part.
  public var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// Whether elements are whole numbers; truth values count as 0 and 1.
  public var isInteger: Bool {
    switch self {
    case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    case .float16, .float32, .float64, .complex64, .complex128: false
    }
  }

  /// The bytes that one number takes; half an element for pairs.
  var partBytes: Int { isComplex ? bytes / 2 : bytes }
}
