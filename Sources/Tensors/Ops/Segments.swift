import Costs
import NumericTypes

// Rows summed up by the segment they belong to. What a segment is made from is added in the order of the rows.

extension Context {
  /// The sums of the rows of x [I, ..] that belong to each of `count` segments: [count, ..], 0 for one without rows.
  /// `segments` [I] are i64 or i32, in any order.
  ///
  /// - Precondition: each is in 0 ..< count.
  public func segmentSum(_ x: Tensor, _ segments: Tensor, count: Int) -> Tensor {
    scatterAdd(zeros(segmentShape(x, segments, count), x.dtype), segments, x)
  }

  /// The means of the rows of each segment, 0 for one without rows; as ``segmentSum(_:_:count:)``.
  public func segmentMean(_ x: Tensor, _ segments: Tensor, count: Int) -> Tensor {
    let shape = segmentShape(x, segments, count)
    let column = Shape([segments.count] + [Int](repeating: 1, count: shape.rank - 1))
    let rows = segmentSum(full(column, 1, x.dtype), segments, count: count)
    return divide(segmentSum(x, segments, count: count), maximum(rows, full([], 1, x.dtype)))
  }

  /// The largest elements of the rows of each segment, -inf for one without rows; as ``segmentSum(_:_:count:)``. Elements that
  /// are equally large share the gradient.
  public func segmentMaximum(_ x: Tensor, _ segments: Tensor, count: Int) -> Tensor {
    let shape = segmentShape(x, segments, count)
    guard x.isTracked else { return largestOfSegments(x, segments, shape) }
    return differentiable([x], keepingOutput: true) {
      largestOfSegments(x.detached(), segments, shape)
    } backward: { call in
      let context = call.context
      let largest = context.compare(x, .equal, context.gather(call.output, segments))
      let hits = context.cast(largest, to: x.dtype)
      let shares = context.maximum(context.segmentSum(hits, segments, count: count), context.full([], 1, x.dtype))
      return [context.multiply(context.gather(context.divide(call.gradient, shares), segments), hits)]
    }
  }

  private func segmentShape(_ x: Tensor, _ segments: Tensor, _ count: Int) -> Shape {
    precondition(
      x.shape.rank >= 1 && segments.shape == [x.shape[0]] && count >= 0 && x.dtype.isFloatingPoint
        && !segments.dtype.isFloatingPoint,
      "\(count) segments \(segments.dtype.displayName) \(segments.shape) of \(x.dtype.displayName) \(x.shape)")
    return Shape([count] + x.shape.dimensions.dropFirst())
  }

  private func largestOfSegments(_ x: Tensor, _ segments: Tensor, _ shape: Shape) -> Tensor {
    switch x.dtype {
    case .f32: return largestOfSegments(x, segments, shape, in: Float.self)
    case .f64: return largestOfSegments(x, segments, shape, in: Double.self)
    default: return cast(largestOfSegments(cast(x, to: .f32), segments, shape, in: Float.self), to: x.dtype)
    }
  }

  private func largestOfSegments<Lane: LaneNumber & BinaryFloatingPoint>(
    _ x: Tensor, _ segments: Tensor, _ shape: Shape, in: Lane.Type
  ) -> Tensor {
    let (source, places) = (contiguous(x), contiguous(cast(segments, to: .i64)))
    let y = full(shape, -.infinity, x.dtype)
    withExtendedLifetime((source, places)) {
      let (from, to, place) = (source.pointer(as: Lane.self), y.pointer(as: Lane.self), places.pointer(as: Int64.self))
      let (rows, width, limit) = (places.count, shape.dimensions.dropFirst().reduce(1, *), shape[0])
      perform(
        .scatter,
        cost: OperatorCost(bytesRead: 4 * Double(x.count) + 8 * Double(rows), bytesWritten: 4 * Double(x.count))
      ) {
        for row in 0..<rows {
          let segment = Int(place[row])
          precondition(segment >= 0 && segment < limit, "segment \(segment) of \(limit)")
          let (x, target) = (from + row * width, to + segment * width)
          for i in 0..<width where x[i] > target[i] || x[i].isNaN { target[i] = x[i] }
        }
      }
    }
    return y
  }
}
