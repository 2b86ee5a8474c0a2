import NumericTypes

/// One tensor of a file: what it is called, how it is laid out and where it lies. All of it is proved against the file.
public struct GGUFTensor: Sendable, Equatable {
  /// The name, such as `blk.0.attn_q.weight`.
  public let name: String
  /// The element type.
  public let dtype: DType
  /// The extents in the file's order, innermost first.
  public let extents: [Int]
  /// Where the data lies, in bytes from the start of the file.
  public let byteRange: Range<Int>
  /// Where the file describes the tensor, in bytes; errors about its type and shape point here.
  public let infoOffset: Int

  /// The shape, outermost first: a weight of `[in, out]` extents has shape [out, in].
  public var shape: Shape { Shape(extents.reversed()) }
  /// The number of elements.
  public var count: Int { extents.reduce(1, *) }
}
