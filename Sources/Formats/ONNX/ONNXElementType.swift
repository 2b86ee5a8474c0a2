/// The element types of ONNX tensors, by the codes of the format.
public enum ONNXElementType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 1
  case uint8, int8, uint16, int16, int32, int64, string, bool, float16, float64, uint32, uint64
  case complex64, complex128, bfloat16
  case float8E4M3FN, float8E4M3FNUZ, float8E5M2, float8E5M2FNUZ
  case uint4, int4, float4E2M1, float8E8M0, uint2, int2

  /// The bits that an element takes in a file; 0 for strings, which differ.
  public var bits: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4E2M1: 4
    case .uint8, .int8, .bool, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// The format's name of the type, for example `FLOAT16`.
  public var name: String {
    switch self {
    case .float32: "FLOAT"
    case .float64: "DOUBLE"
    case .float16: "FLOAT16"
    case .bfloat16: "BFLOAT16"
    default: "\(self)".uppercased()
    }
  }
}
