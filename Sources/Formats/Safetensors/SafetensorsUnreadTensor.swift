import NumericTypes

/// A tensor of a type that this engine does not read: its place is proved, its numbers cannot be asked for.
public struct SafetensorsUnreadTensor: Sendable, Equatable {
  /// The name.
  public let name: String
  /// The format's name of the element type, such as `F8_E4M3`.
  public let typeName: String
  /// The shape, outermost first.
  public let shape: Shape
  /// Where the data lies, in bytes from the start of the file.
  public let byteRange: Range<Int>
  /// Where the header describes the tensor, in bytes.
  public let infoOffset: Int
}
