import NumericTypes

/// A view of shared storage as an array of numbers: element type, shape and strides are values, the bytes are shared.
///
/// Views (``transposed(_:_:)``, ``sliced(axis:_:)``, ``reshaped(_:)`` of a contiguous tensor, ``broadcast(to:)``) are free and
/// alias their source. Operators return fresh tensors and never write to their operands. Block-quantised tensors are
/// always contiguous along the last axis.
public struct Tensor: @unchecked Sendable {
  /// The bytes, possibly shared with other tensors.
  public let storage: Storage
  /// The element type.
  public let dtype: DType
  /// The extents, outermost first.
  public let shape: Shape
  /// The distance between neighbours along each axis, in elements; 0 along a broadcast axis.
  public let strides: [Int]
  /// The first element's position in the storage, in bytes.
  public let byteOffset: Int
  /// Where the tensor came from, while a gradient may be asked for; nothing in inference.
  package internal(set) var node: TapeNode?

  /// A row-major tensor over part of a storage, checked against its size.
  ///
  /// - Throws: ``TensorError``: the storage is too small, the offset is misaligned, or the last axis is no whole number
  ///   of blocks.
  public init(storage: Storage, dtype: DType, shape: Shape, byteOffset: Int = 0) throws(TensorError) {
    let bytes: Int
    do throws(NumericsError) {
      if dtype.isBlockQuantized, !shape.last.isMultiple(of: dtype.blockLength) {
        throw NumericsError.partialBlock(dtype: dtype, count: shape.last)
      }
      bytes = try checkedSum(byteOffset, dtype.byteCount(of: shape.count), "the end of a tensor")
    } catch { throw .shape(error) }
    guard byteOffset >= 0, bytes <= storage.byteCount else {
      throw .storageTooSmall(needed: bytes, available: storage.byteCount)
    }
    if !dtype.isBlockQuantized, !byteOffset.isMultiple(of: dtype.blockBytes) {
      throw .misaligned(offset: byteOffset, dtype: dtype)
    }
    self.init(unchecked: storage, dtype, shape, shape.rowMajorStrides, byteOffset)
  }

  init(unchecked storage: Storage, _ dtype: DType, _ shape: Shape, _ strides: [Int], _ byteOffset: Int) {
    self.storage = storage
    self.dtype = dtype
    self.shape = shape
    self.strides = strides
    self.byteOffset = byteOffset
  }

  /// The number of elements.
  public var count: Int { shape.count }

  /// Whether the elements lie in row-major order without gaps.
  public var isContiguous: Bool {
    var expected = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape[axis] != 1 {
      if strides[axis] != expected { return false }
      expected *= shape[axis]
    }
    return true
  }

  /// The first element's address, as bytes.
  ///
  /// - Precondition: the tensor is not tracked: what works on addresses is not recorded, so that it must bring its own
  ///   gradient (``Context/differentiable(_:keepingOutput:_:backward:)``) or take ``detached()``.
  public var pointer: UnsafeMutableRawPointer {
    if isTracked { refuseAddress() }
    return storage.base + byteOffset
  }

  private func refuseAddress() -> Never {
    preconditionFailure(
      "the address of \(dtype.displayName) \(shape) is wanted while its gradient is recorded, by something that has none"
    )
  }

  /// The first element's address.
  ///
  /// - Precondition: `type` is the element type's Swift type.
  public func pointer<Element>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    precondition(MemoryLayout<Element>.size == dtype.blockBytes, "\(Element.self) does not match \(dtype.displayName)")
    return pointer.assumingMemoryBound(to: type)
  }
}
