/// A tensor in an ONNX file.
public struct ONNXTensor: Sendable, Equatable {
  /// The name; empty where none is needed.
  public let name: String
  /// The element type.
  public let type: ONNXElementType
  /// The extents, outermost first; none is below zero.
  public let shape: [Int]
  /// The elements; their number is checked against the shape, but for external data without a length.
  public let data: ONNXTensorData
  /// Where the tensor begins in the file.
  public let offset: Int

  /// A tensor from its parts, which agree.
  package init(name: String, type: ONNXElementType, shape: [Int], data: ONNXTensorData, offset: Int) {
    self.name = name
    self.type = type
    self.shape = shape
    self.data = data
    self.offset = offset
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The bytes of the elements as `raw_data` has them; 0 for strings.
  public var byteCount: Int { (count * type.bits + 7) / 8 }
}
