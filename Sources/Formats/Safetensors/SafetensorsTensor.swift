import NumericTypes

/// One tensor of a safetensors file: what it is called, its type and shape and where it lies, proved against the file.
public struct SafetensorsTensor: Sendable, Equatable {
  /// The name, such as `model.layers.0.self_attn.q_proj.weight`.
  public let name: String
  /// The element type.
  public let dtype: DType
  /// The shape, outermost first.
  public let shape: Shape
  /// Where the data lies, in bytes from the start of the file; not always aligned.
  public let byteRange: Range<Int>
  /// Where the header describes the tensor, in bytes; errors about its type and shape point here.
  public let infoOffset: Int

  /// The number of elements.
  public var count: Int { shape.count }
}
