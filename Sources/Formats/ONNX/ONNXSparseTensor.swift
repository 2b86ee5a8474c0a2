/// A tensor most of whose elements are zero.
public struct ONNXSparseTensor: Sendable, Equatable {
  /// The elements that are not zero [n].
  public let values: ONNXTensor
  /// Their positions, int64: row-major [n], or by axis [n, rank]; in order and in range.
  public let indices: ONNXTensor
  /// The extents of the dense tensor.
  public let shape: [Int]
}
