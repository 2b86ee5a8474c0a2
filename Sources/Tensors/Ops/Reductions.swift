import CVenturi
import Costs
import NumericTypes

// Reductions along one axis, or over all elements where no axis is given. The order of a sum depends on the shape alone:
// a row adds up in 32 lanes, runs of 65,536 one after the other; columns add up row after row in blocks of 256. f64 is
// reduced in f64, one element after the other.

extension Context {
  /// The sum along `axis`; 0 where there is nothing to add.
  public func sum(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    guard x.isTracked else { return summed(x, axis, keepingAxis) }
    return differentiable([x]) {
      summed(x, axis, keepingAxis)
    } backward: { [shape = x.shape] call in
      [Self.spread(call.gradient, over: shape, axis)]
    }
  }

  /// What a reduction along `axis` left, stretched to the shape before it; nothing is copied.
  static func spread(_ y: Tensor, over shape: Shape, _ axis: Int?) -> Tensor {
    guard let axis else { return y.reshaped([]).broadcast(to: shape) }
    var extents = shape.dimensions
    extents[axis < 0 ? axis + shape.rank : axis] = 1
    if y.shape.rank == shape.rank { return y.broadcast(to: shape) }
    return y.withAxis(axis < 0 ? axis + shape.rank : axis).broadcast(to: shape)
  }

  private func summed(_ x: Tensor, _ axis: Int?, _ keepingAxis: Bool) -> Tensor {
    if let axis, axis != -1, axis != x.shape.rank - 1, x.dtype.isFloatingPoint {
      let shape: Shape
      do { shape = try x.shape.reduced(axis: axis, keepingAxis: keepingAxis) } catch { preconditionFailure("\(error)") }
      let axis = axis < 0 ? axis + x.shape.rank : axis
      let outer = x.shape.dimensions[..<axis].reduce(1, *)
      let inner = x.shape.dimensions[(axis + 1)...].reduce(1, *)
      return columnSum(contiguous(x).reshaped([outer, x.shape[axis], inner])).reshaped(shape)
    }
    return reduce(x, axis, keepingAxis, empty: 0, doubles: (0, +)) { kernels, count, row in
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

  /// The sum over the axes along which `shape` stretches to that of `x`: the way back of a broadcast.
  ///
  /// - Precondition: `shape` broadcasts to the shape of `x`.
  public func sum(_ x: Tensor, to shape: Shape) -> Tensor {
    if x.shape == shape { return x }
    guard x.isTracked else { return summed(x, to: shape) }
    return differentiable([x]) {
      summed(x, to: shape)
    } backward: { [extents = x.shape] call in
      [call.gradient.broadcast(to: extents)]
    }
  }

  private func summed(_ x: Tensor, to shape: Shape) -> Tensor {
    let missing = x.shape.rank - shape.rank
    // Neighbouring axes that are summed, or kept, are one.
    var runs: [(extent: Int, isSummed: Bool)] = []
    for axis in 0..<x.shape.rank {
      let (extent, kept) = (x.shape[axis], axis < missing ? 1 : shape[axis - missing])
      precondition(missing >= 0 && (kept == extent || kept == 1), "\(x.shape) cannot be summed to \(shape)")
      if extent == 1 { continue }
      let isSummed = kept != extent
      if let last = runs.last, last.isSummed == isSummed {
        runs[runs.count - 1].extent *= extent
      } else {
        runs.append((extent, isSummed))
      }
    }
    // 16-bit numbers are added up in f32 through all steps.
    let isNarrow = x.dtype == .f16 || x.dtype == .bf16
    var y = contiguous(isNarrow ? cast(x, to: .f32) : x)
    var inner = 1
    for index in runs.indices.reversed() {
      let (extent, isSummed) = runs[index]
      guard isSummed else {
        inner *= extent
        continue
      }
      let outer = runs[..<index].reduce(1) { $0 * $1.extent }
      y =
        inner == 1
        ? summed(y.reshaped([outer, extent]), 1, false) : columnSum(y.reshaped([outer, extent, inner]))
    }
    return (isNarrow ? cast(y, to: x.dtype) : y).reshaped(shape)
  }

  /// The sum of x [outer, rows, inner] over rows → [outer, inner]; rows are added one after the other in blocks, and the
  /// blocks' sums likewise.
  func columnSum(_ x: Tensor) -> Tensor {
    if x.dtype == .f16 || x.dtype == .bf16 { return cast(columnSum(cast(x, to: .f32)), to: x.dtype) }
    return x.dtype == .f64 ? columnSum(x, in: Double.self) : columnSum(x, in: Float.self)
  }

  private func columnSum<Lane: LaneNumber>(_ x: Tensor, in: Lane.Type) -> Tensor {
    let (outer, rows, inner) = (x.shape[0], x.shape[1], x.shape[2])
    let (block, width) = (256, 1024)
    let blocks = max(1, (rows + block - 1) / block)
    let columns = (inner + width - 1) / width
    let sums = empty([outer, blocks, inner], x.dtype)
    let (from, to, kernels) = (x.pointer(as: Lane.self), sums.pointer(as: Lane.self), elementwiseKernels)
    let grain = max(1, 32768 / max(1, min(rows, block) * min(inner, width)))
    let cost = Self.reductionCost(x.count, sums.shape, x.dtype)
    defer { withExtendedLifetime(x) {} }
    performRanges(sums.count == 0 ? 0 : outer * blocks * columns, grain: grain, .reduction, cost) { items in
      for item in items {
        let (part, column) = item.quotientAndRemainder(dividingBy: columns)
        let (matrix, index) = part.quotientAndRemainder(dividingBy: blocks)
        let first = column * width
        let count = min(width, inner - first)
        let target = to + part * inner + first
        var source = from + (matrix * rows + index * block) * inner + first
        let last = min(block, rows - index * block)
        if last <= 0 {
          target.update(repeating: .zero, count: count)
          continue
        }
        target.update(from: source, count: count)
        for _ in 1..<max(1, last) {
          source += inner
          Lane.apply(VT_OP_ADD, kernels, count: count, target, 1, source, 1, target)
        }
      }
    }
    return blocks == 1 ? sums.reshaped([outer, inner]) : columnSum(sums, in: Lane.self)
  }

  /// The mean along `axis`; NaN where there is nothing.
  public func mean(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    let total = sum(x, axis: axis, keepingAxis: keepingAxis)
    let count = axis.map { x.shape[$0] } ?? x.count
    return divide(total, Double(count))
  }

  /// The largest element along `axis`; NaN where there is one, -inf where there is nothing.
  public func maximum(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    recordedExtreme(x, axis) { extreme($0, .maximum, axis, keepingAxis) }
  }

  /// The smallest element along `axis`; NaN where there is one, inf where there is nothing.
  public func minimum(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    recordedExtreme(x, axis) { extreme($0, .minimum, axis, keepingAxis) }
  }

  private enum Extreme { case maximum, minimum }

  private func extreme(_ x: Tensor, _ extreme: Extreme, _ axis: Int?, _ keepingAxis: Bool) -> Tensor {
    switch extreme {
    case .maximum:
      reduce(x, axis, keepingAxis, empty: -.infinity, doubles: (-.infinity, { Double.value(VT_OP_MAXIMUM, $0, $1) })) {
        $0.pointee.max_f32(Int64($1), $2)
      }
    case .minimum:
      reduce(x, axis, keepingAxis, empty: .infinity, doubles: (.infinity, { Double.value(VT_OP_MINIMUM, $0, $1) })) {
        $0.pointee.min_f32(Int64($1), $2)
      }
    }
  }

  /// The gradient of the largest or smallest goes to it, in equal parts where several are.
  private func recordedExtreme(_ x: Tensor, _ axis: Int?, _ compute: (Tensor) -> Tensor) -> Tensor {
    guard x.isTracked else { return compute(x) }
    return differentiable([x], keepingOutput: true) {
      compute(x)
    } backward: { [shape = x.shape] call in
      let context = call.context
      let isExtreme = context.cast(
        context.compare(x, .equal, Self.spread(call.output.detached(), over: shape, axis)), to: x.dtype)
      let share = context.divide(isExtreme, context.sum(isExtreme, axis: axis, keepingAxis: true))
      return [context.multiply(Self.spread(call.gradient, over: shape, axis), share)]
    }
  }

  /// The position of the largest element along `axis`, the first of equals, as i64. NaN counts as largest.
  ///
  /// - Precondition: the axis is not empty.
  public func argmax(_ x: Tensor, axis: Int? = nil, keepingAxis: Bool = false) -> Tensor {
    let (source, shape, width) = reductionRows(x.detached(), axis, keepingAxis)
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
    doubles: (initial: Double, combine: @Sendable (Double, Double) -> Double),
    _ body: @escaping (UnsafePointer<vt_elementwise_kernels>, Int, UnsafePointer<Float>) -> Float
  ) -> Tensor {
    let (source, shape, width) = reductionRows(x, axis, keepingAxis, f64: true)
    if x.dtype == .f64 {
      return withExtendedLifetime(source) {
        let y = empty(shape, .f64)
        let (from, to, combine) = (source.pointer(as: Double.self), y.pointer(as: Double.self), doubles.combine)
        let initial = doubles.initial
        performRanges(
          shape.count, grain: max(1, 8192 / max(1, width)), .reduction, Self.reductionCost(source.count, shape, .f64)
        ) { rows in
          for row in rows {
            to[row] = UnsafeBufferPointer(start: from + row * width, count: width).reduce(initial, combine)
          }
        }
        return y
      }
    }
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

  /// The elements as f32, or f64 where they are, with the reduced axis innermost, the result's shape, and the axis' extent.
  private func reductionRows(
    _ x: Tensor, _ axis: Int?, _ keepingAxis: Bool, f64: Bool = false
  ) -> (Tensor, Shape, Int) {
    precondition(
      x.dtype.isFloatingPoint && (f64 || x.dtype != .f64), "a reduction of \(x.dtype.displayName) \(x.shape)")
    guard let axis else {
      let shape = keepingAxis ? Shape([Int](repeating: 1, count: x.shape.rank)) : []
      return (contiguous(cast(x, to: x.dtype == .f64 ? .f64 : .f32)), shape, x.count)
    }
    let shape: Shape
    do { shape = try x.shape.reduced(axis: axis, keepingAxis: keepingAxis) } catch { preconditionFailure("\(error)") }
    var view = x
    let resolved = axis < 0 ? axis + x.shape.rank : axis
    for next in resolved..<(x.shape.rank - 1) { view = view.transposed(next, next + 1) }
    return (contiguous(cast(view, to: x.dtype == .f64 ? .f64 : .f32)), shape, x.shape[axis])
  }
}
