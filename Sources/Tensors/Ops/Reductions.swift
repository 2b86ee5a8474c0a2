import CVenturi
import Costs
import NumericTypes

// Reductions along one axis, or over all elements where no axis is given. The order of a sum depends on the shape alone:
// a row adds up in 32 lanes, runs of 65,536 one after the other.

extension Context {
  /// The sum along `axis`; 0 where there is nothing to add.
  public func sum(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    reduce(x, axis, keepingAxis, empty: 0) { kernels, count, row in
      var total: Float = 0
      var start = 0
      while start < count {
        let part = kernels.pointee.sum_f32(Int64(min(65536, count - start)), row + start)
        total = start == 0 ? part : total + part
        start += 65536
      }
      return total
    }
  }

  /// The mean along `axis`; NaN where there is nothing.
  public func mean(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    let total = sum(x, axis: axis, keepingAxis: keepingAxis)
    let count = axis.map { x.shape[$0] } ?? x.count
    return divide(total, Double(count))
  }

  /// The largest element along `axis`; NaN where there is one, -inf where there is nothing.
  public func maximum(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    reduce(x, axis, keepingAxis, empty: -.infinity) { $0.pointee.max_f32(Int64($1), $2) }
  }

  /// The smallest element along `axis`; NaN where there is one, inf where there is nothing.
  public func minimum(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    reduce(x, axis, keepingAxis, empty: .infinity) { $0.pointee.min_f32(Int64($1), $2) }
  }

  /// The position of the largest element along `axis`, the first of equals, as i64. NaN counts as largest.
  ///
  /// - Precondition: the axis is not empty.
  public func argmax(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    let (source, shape, width) = reductionRows(x, axis, keepingAxis)
    precondition(width > 0, "the argmax of nothing: \(x.shape)")
    return withExtendedLifetime(source) {
      let y = empty(shape, .i64)
      let (from, to, kernels) = (source.pointer(as: Float.self), y.pointer(as: Int64.self), elementwiseKernels)
      let cost = Self.reductionCost(source.count, shape, .i64)
      performRanges(shape.count, grain: max(1, 16384 / width), .reduction, cost) { rows in
        for row in rows {
          let start = from + row * width
          let largest = kernels.pointee.max_f32(Int64(width), start)
          var index = 0
          while index < width - 1, start[index] != largest, !start[index].isNaN { index += 1 }
          to[row] = Int64(index)
        }
      }
      return y
    }
  }

  /// What a reduction of `count` elements of f32 to `shape` computes and moves at least.
  public static func reductionCost(_ count: Int, _ shape: Shape, _ dtype: DType) -> OperationCost {
    OperationCost(
      flops: Double(count), bytesRead: 4 * Double(count), bytesWritten: Double(shape.count * dtype.blockBytes))
  }

  private func reduce(
    _ x: Tensor, _ axis: Int?, _ keepingAxis: Bool, empty nothing: Float,
    _ body: @escaping (UnsafePointer<vt_elementwise_kernels>, Int, UnsafePointer<Float>) -> Float
  ) -> Tensor {
    let (source, shape, width) = reductionRows(x, axis, keepingAxis)
    let y = withExtendedLifetime(source) {
      let y = empty(shape)
      let (from, to, kernels) = (source.pointer(as: Float.self), y.pointer(as: Float.self), elementwiseKernels)
      let cost = Self.reductionCost(source.count, shape, .f32)
      performRanges(shape.count, grain: max(1, 16384 / max(1, width)), .reduction, cost) { rows in
        for row in rows { to[row] = width == 0 ? nothing : body(kernels, width, from + row * width) }
      }
      return y
    }
    return cast(y, to: x.dtype)
  }

  /// The elements as f32 with the reduced axis innermost, the result's shape, and the axis' extent.
  private func reductionRows(_ x: Tensor, _ axis: Int?, _ keepingAxis: Bool) -> (Tensor, Shape, Int) {
    precondition(
      x.dtype == .f32 || x.dtype == .f16 || x.dtype == .bf16, "a reduction of \(x.dtype.displayName) \(x.shape)")
    guard let axis else {
      let shape = keepingAxis ? Shape([Int](repeating: 1, count: x.shape.rank)) : []
      return (contiguous(cast(x, to: .f32)), shape, x.count)
    }
    let shape: Shape
    do { shape = try x.shape.reduced(axis: axis, keepingAxis: keepingAxis) } catch { preconditionFailure("\(error)") }
    var view = x
    let resolved = axis < 0 ? axis + x.shape.rank : axis
    for next in resolved..<(x.shape.rank - 1) { view = view.transposed(next, next + 1) }
    return (contiguous(cast(view, to: .f32)), shape, x.shape[axis])
  }
}
