/// A value in a file of its own, as test cases keep inputs and outputs: a tensor, a sequence or an optional.
public indirect enum ONNXValue: Sendable, Equatable {
  case tensor(ONNXTensor)
  case sequence([ONNXValue])
  case optional(ONNXValue?)

  /// Parses a file that holds a value of the given type.
  ///
  /// - Throws: ``FormatError``.
  public init(_ bytes: ByteView, as type: ONNXType, limits: ONNXLimits = ONNXLimits()) throws(FormatError) {
    var parser = ONNXParser(bytes, limits: limits)
    self = try parser.value(as: type)
  }
}
