import NumericTypes

extension Tensor {
  /// The same elements under another shape; free when contiguous.
  ///
  /// - Precondition: the tensor is contiguous and the element counts agree.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "cannot reshape \(self.shape) to \(shape)")
    precondition(isContiguous, "cannot reshape the strided view \(self.shape), strides \(strides)")
    let view = Tensor(unchecked: storage, dtype, shape, shape.rowMajorStrides, byteOffset)
    guard isTracked else { return view }
    return recorded(view) { [shape = self.shape] call in call.context.contiguous(call.gradient).reshaped(shape) }
  }

  /// A view with two axes exchanged.
  public func transposed(_ a: Int = -2, _ b: Int = -1) -> Tensor {
    precondition(!dtype.isBlockQuantized, "a block-quantised tensor has no strided views")
    let a = a < 0 ? a + shape.rank : a
    let b = b < 0 ? b + shape.rank : b
    var dimensions = shape.dimensions
    var strides = strides
    dimensions.swapAt(a, b)
    strides.swapAt(a, b)
    let view = Tensor(unchecked: storage, dtype, Shape(dimensions), strides, byteOffset)
    guard isTracked else { return view }
    return recorded(view) { call in call.gradient.transposed(a, b) }
  }

  /// A view of the positions `range` along `axis`.
  public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = axis < 0 ? axis + shape.rank : axis
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis], "slice \(range) is outside axis \(axis) of \(shape)")
    precondition(!dtype.isBlockQuantized || axis < shape.rank - 1, "blocks cannot be cut")
    var dimensions = shape.dimensions
    dimensions[axis] = range.count
    let elements = range.lowerBound * strides[axis]
    let offset = byteOffset + elements / dtype.blockLength * dtype.blockBytes
    let view = Tensor(unchecked: storage, dtype, Shape(dimensions), strides, offset)
    guard isTracked else { return view }
    return recorded(view) { [shape] call in
      call.context.padded(call.gradient, to: shape, axis: axis, at: range.lowerBound)
    }
  }

  /// A view with one more axis, of extent 1.
  func withAxis(_ axis: Int) -> Tensor {
    var dimensions = shape.dimensions
    var strides = strides
    dimensions.insert(1, at: axis)
    strides.insert(axis < shape.rank ? strides[axis] * shape[axis] : 1, at: axis)
    let view = Tensor(unchecked: storage, dtype, Shape(dimensions), strides, byteOffset)
    guard isTracked else { return view }
    return recorded(view) { [shape] call in call.context.contiguous(call.gradient).reshaped(shape) }
  }

  /// A view stretched to `shape`, with stride 0 along stretched axes.
  ///
  /// - Precondition: the shapes broadcast and `shape` is the larger one.
  public func broadcast(to shape: Shape) -> Tensor {
    precondition(!dtype.isBlockQuantized, "a block-quantised tensor does not broadcast")
    let missing = shape.rank - self.shape.rank
    precondition(missing >= 0, "cannot broadcast \(self.shape) to \(shape)")
    var strides = [Int](repeating: 0, count: shape.rank)
    for axis in 0..<self.shape.rank {
      let extent = self.shape[axis]
      precondition(extent == shape[axis + missing] || extent == 1, "cannot broadcast \(self.shape) to \(shape)")
      strides[axis + missing] = extent == 1 ? 0 : self.strides[axis]
    }
    let view = Tensor(unchecked: storage, dtype, shape, strides, byteOffset)
    guard isTracked else { return view }
    return recorded(view) { [shape = self.shape] call in call.context.sum(call.gradient, to: shape) }
  }
}
