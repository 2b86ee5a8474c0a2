import Formats
import NumericTypes
import Tensors

/// One tensor of a ``Checkpoint``: what it is called in GGUF's words, its type and shape, and where its numbers are.
public struct CheckpointTensor: Sendable {
  /// Where a tensor's numbers come from.
  enum Content: Sendable {
    /// They lie in a file as they are used.
    case stored(Storage, offset: Int)
    /// They are made from what a file holds, when they are asked for.
    case made(@Sendable (UnsafeMutableRawBufferPointer) throws -> Void)
  }

  /// The name, such as `blk.0.attn_q.weight`.
  public let name: String
  /// The element type.
  public let dtype: DType
  /// The extents, outermost first.
  public let shape: Shape
  /// The bytes that its elements take.
  public let byteCount: Int
  /// Where the file describes the tensor, in bytes; errors about its type and shape point here.
  public let infoOffset: Int
  let content: Content

  /// The number of elements.
  public var count: Int { shape.count }

  /// Where in its file the data lies, in bytes; nothing for what is made from other tensors.
  public var fileOffset: Int? { if case .stored(_, let offset) = content { offset } else { nil } }

  /// A tensor from its parts.
  ///
  /// - Throws: ``/Formats/FormatError`` when its rows are no whole number of blocks, or too many.
  init(name: String, dtype: DType, shape: Shape, infoOffset: Int, content: Content) throws(FormatError) {
    do throws(NumericsError) {
      guard shape.last.isMultiple(of: dtype.blockLength) else {
        throw .partialBlock(dtype: dtype, count: shape.last)
      }
      byteCount = try dtype.byteCount(of: shape.count)
    } catch {
      throw .inconsistent(field: name, offset: infoOffset, problem: "\(error)")
    }
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.infoOffset = infoOffset
    self.content = content
  }

  /// The elements: a view of the file, or memory of its own.
  ///
  /// - Throws: ``/Tensors/TensorError``; what making the elements throws.
  public func values() throws -> Tensor {
    switch content {
    case .stored(let storage, let offset):
      return try Tensor(storage: storage, dtype: dtype, shape: shape, byteOffset: offset)
    case .made(let make):
      let storage = try Storage(byteCount: byteCount, allocator: Allocator(cacheLimit: 0))
      try make(UnsafeMutableRawBufferPointer(start: storage.base, count: byteCount))
      return try Tensor(storage: storage, dtype: dtype, shape: shape, byteOffset: 0)
    }
  }
}
