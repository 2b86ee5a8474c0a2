import Costs
import Numerics

extension Context {
  /// The largest element under a window over x [N, C, D, H, W], f32, and its position in the plane [D, H, W] (i64). The
  /// margins do not count; of equals the first one holds; -inf and -1 where a window holds nothing.
  ///
  /// - Precondition: `outputs` are no more than what the window has.
  public func maxPool(_ x: Tensor, window: Window, outputs: [Int]) -> (values: Tensor, places: Tensor) {
    let source = contiguous(x)
    return withExtendedLifetime(source) {
      let shape = Shape([x.shape[0], x.shape[1]] + outputs)
      let (values, places) = (empty(shape), empty(shape, .i64))
      let (best, at) = (values.pointer(as: Float.self), places.pointer(as: Int64.self))
      pool(source, window, outputs) { plane, target, bounds, width, height in
        var (largest, place) = (-Float.infinity, -1)
        for z in stride(from: bounds.z.lowerBound, to: bounds.z.upperBound, by: window.dilations[0]) {
          for y in stride(from: bounds.y.lowerBound, to: bounds.y.upperBound, by: window.dilations[1]) {
            let row = (z * height + y) * width
            for x in stride(from: bounds.x.lowerBound, to: bounds.x.upperBound, by: window.dilations[2])
            where plane[row + x] > largest || place < 0 || plane[row + x].isNaN {
              (largest, place) = (plane[row + x], row + x)
            }
          }
        }
        best[target] = largest
        at[target] = Int64(place)
      }
      return (values, places)
    }
  }

  /// The mean of the elements under a window over x [N, C, D, H, W], f32.
  ///
  /// - Parameter countsMargin: whether the sum is divided by all of the kernel that lies in the image or its margins.
  public func averagePool(_ x: Tensor, window: Window, outputs: [Int], countsMargin: Bool = false) -> Tensor {
    let source = contiguous(x)
    let extents = Array(x.shape.dimensions[2...])
    return withExtendedLifetime(source) {
      let values = empty(Shape([x.shape[0], x.shape[1]] + outputs))
      let result = values.pointer(as: Float.self)
      pool(source, window, outputs) { plane, target, bounds, width, height in
        var (sum, count) = (Float(0), 0)
        for z in stride(from: bounds.z.lowerBound, to: bounds.z.upperBound, by: window.dilations[0]) {
          for y in stride(from: bounds.y.lowerBound, to: bounds.y.upperBound, by: window.dilations[1]) {
            let row = (z * height + y) * width
            for x in stride(from: bounds.x.lowerBound, to: bounds.x.upperBound, by: window.dilations[2]) {
              sum += plane[row + x]
              count += 1
            }
          }
        }
        if countsMargin { count = Self.elements(of: window, at: target, outputs, extents) }
        result[target] = sum / Float(count)
      }
      return values
    }
  }

  /// Elements of the kernel at an output that lie in the image or its margins.
  private static func elements(of window: Window, at target: Int, _ outputs: [Int], _ extents: [Int]) -> Int {
    var rest = target
    var count = 1
    for axis in [2, 1, 0] {
      let position = rest % outputs[axis]
      rest /= outputs[axis]
      let start = position * window.strides[axis] - window.before[axis]
      let room = extents[axis] + window.after[axis] - start
      count *= max(0, min(window.kernel[axis], (room + window.dilations[axis] - 1) / window.dilations[axis]))
    }
    return count
  }

  /// The parts of three axes that a window covers.
  private typealias Bounds = (z: Range<Int>, y: Range<Int>, x: Range<Int>)

  /// Runs `body(plane, position in the result, bounds, width, height)` for every output; bounds begin at an element of the
  /// kernel.
  private func pool(
    _ x: Tensor, _ window: Window, _ outputs: [Int],
    _ body: @escaping (UnsafePointer<Float>, Int, Bounds, Int, Int) -> Void
  ) {
    precondition(x.shape.rank == 5 && x.dtype == .f32, "pooling of \(x.dtype.displayName) \(x.shape)")
    let (depth, height, width) = (x.shape[2], x.shape[3], x.shape[4])
    let volume = depth * height * width
    let each = outputs.reduce(1, *)
    let planes = x.shape[0] * x.shape[1]
    if planes * each == 0 { return }
    let source = UnsafePointer(x.pointer(as: Float.self))
    let cost = OperationCost(
      flops: Double(planes * each) * Double(window.taps), bytesRead: 4 * Double(x.count),
      bytesWritten: 4 * Double(planes * each))
    func bounds(_ position: Int, _ axis: Int, _ extent: Int) -> Range<Int> {
      let start = position * window.strides[axis] - window.before[axis]
      let step = window.dilations[axis]
      let first = start >= 0 ? start : start + (-start + step - 1) / step * step
      return first..<max(first, min(extent, start + (window.kernel[axis] - 1) * step + 1))
    }
    performRanges(planes, grain: max(1, 8192 / (each * window.taps)), .reduction, cost) { range in
      for plane in range {
        var target = plane * each
        for oz in 0..<outputs[0] {
          let z = bounds(oz, 0, depth)
          for oy in 0..<outputs[1] {
            let y = bounds(oy, 1, height)
            for ox in 0..<outputs[2] {
              body(source + plane * volume, target, (z, y, bounds(ox, 2, width)), width, height)
              target += 1
            }
          }
        }
      }
    }
  }
}
