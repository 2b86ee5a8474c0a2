/// Where the elements of an ONNX tensor are.
public enum ONNXTensorData: Sendable, Equatable {
  /// Little-endian bytes in the file; types below 8 bits packed from the low bits up.
  case raw(ByteView)
  case floats([Float])
  case doubles([Double])
  /// All integers up to 32 bits, and the bit patterns of 8- and 16-bit floating-point types.
  case int32s([Int32])
  case int64s([Int64])
  case uint64s([UInt64])
  case strings([String])
  /// A part of another file in the model's folder.
  case external(ONNXExternalData)
}
