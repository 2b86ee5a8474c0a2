import Formats
import NumericTypes

extension ONNXElementType {
  /// What an element takes in memory: whole bytes.
  var storedBytes: Int { self == .string ? 0 : max(1, bits / 8) }

  /// The engine's type, for those it computes with.
  var dtype: DType? {
    switch self {
    case .float32: .f32
    case .float64: .f64
    case .float16: .f16
    case .bfloat16: .bf16
    case .int8: .i8
    case .int16: .i16
    case .int32: .i32
    case .int64: .i64
    case .bool: .bool
    default: nil
    }
  }

  init?(_ dtype: DType) {
    guard let type = Self.allCases.first(where: { $0.dtype == dtype }) else { return nil }
    self = type
  }

  /// In what numbers an operator computes elements of the type.
  enum LaneKind { case float, double, signed, unsigned, none }

  var lane: LaneKind {
    switch self {
    case .string, .complex64, .complex128: .none
    case .float64: .double
    case .float32, .float16, .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float4E2M1,
      .float8E8M0:
      .float
    case .uint64: .unsigned
    default: .signed
    }
  }

  /// Whether elements are floating-point numbers.
  var isFloat: Bool { lane == .float || lane == .double }
  /// Whether elements are whole numbers, Bool not among them.
  var isInteger: Bool { (lane == .signed || lane == .unsigned) && self != .bool }
  /// Whether elements are numbers that arithmetic is defined on.
  var isNumber: Bool { isFloat || isInteger }

  /// The least and largest whole number of an integer type.
  var integerRange: ClosedRange<Int64> {
    switch self {
    case .int2: -2...1
    case .uint2: 0...3
    case .int4: -8...7
    case .uint4: 0...15
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint32: 0...Int64(UInt32.max)
    case .bool: 0...1
    case .uint64: 0...Int64.max
    default: Int64.min...Int64.max
    }
  }
}
