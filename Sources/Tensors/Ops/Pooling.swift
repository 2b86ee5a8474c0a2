import Costs
import NumericTypes

extension Context {
  /// The largest element under a window over x [N, C, D, H, W], f32 or f64; the margins do not count. NaN where there is one,
  /// -inf where a window holds nothing.
  ///
  /// - Precondition: `outputs` are no more than what the window has.
  public func maxPool(_ x: Tensor, window: Window, outputs: [Int]) -> Tensor {
    guard x.isTracked else { return largest(x, window, outputs) }
    return differentiable([x]) {
      largest(x, window, outputs)
    } backward: { [shape = x.shape] call in
      let context = call.context
      let (planes, volume) = (shape[0] * shape[1], shape.dimensions[2...].reduce(1, *))
      // The last row takes what windows that hold nothing get.
      let starts = context.multiply(context.arange(planes, .i64).reshaped([planes, 1]), Double(volume))
      let places = context.maxPoolPlaces(x, window: window, outputs: outputs)
        .reshaped([planes, outputs.reduce(1, *)])
      let isEmpty = context.compare(places, .less, context.zeros([], .i64))
      let rows = context.select(
        isEmpty, context.full([], Double(planes * volume), .i64), context.add(places, starts))
      let sums = context.scatterAdd(
        context.zeros([planes * volume + 1], call.gradient.dtype), rows.reshaped([rows.count]),
        context.contiguous(call.gradient).reshaped([rows.count]))
      return [sums.sliced(axis: 0, 0..<planes * volume).reshaped(shape)]
    }
  }

  private func largest(_ x: Tensor, _ window: Window, _ outputs: [Int]) -> Tensor {
    func run<Lane: LaneNumber & BinaryFloatingPoint>(_: Lane.Type) -> Tensor {
      poolRows(x, window, outputs, from: -Lane.infinity) { largest, row, step, count in
        for i in 0..<count {
          let value = row[i * step]
          largest[i] = value > largest[i] || value.isNaN ? value : largest[i]
        }
      } finish: { _, _, _ in
      }
    }
    return x.dtype == .f64 ? run(Double.self) : run(Float.self)
  }

  /// The mean of the elements under a window over x [N, C, D, H, W], f32 or f64.
  ///
  /// `countsMargin` says whether the sum is divided by all of the kernel that lies in the image or its margins.
  public func averagePool(_ x: Tensor, window: Window, outputs: [Int], countsMargin: Bool = false) -> Tensor {
    let counts = counted(x, window, outputs, countsMargin)
    guard x.isTracked else { return averaged(x, window, outputs, counts) }
    return differentiable([x]) {
      averaged(x, window, outputs, counts)
    } backward: { [shape = x.shape] call in
      let context = call.context
      let planes = shape[0] * shape[1]
      func line(_ axis: Int) -> Tensor {
        let values = context.tensor(counts[axis].map { Float($0) })
        var extents = [1, 1, 1]
        extents[axis] = outputs[axis]
        return context.cast(values, to: call.gradient.dtype).reshaped(Shape(extents))
      }
      let elements = context.multiply(context.multiply(line(0), line(1)), line(2))
      let share = context.divide(call.gradient, elements).reshaped([planes, 1, outputs.reduce(1, *)])
      let columns = share.broadcast(to: [planes, window.taps, share.shape[2]])
      let whole = context.fold(columns, window, outputs, to: Shape([planes, 1] + shape.dimensions[2...]))
      return [whole.reshaped(shape)]
    }
  }

  /// How much of the kernel counts, axis by axis.
  private func counted(_ x: Tensor, _ window: Window, _ outputs: [Int], _ countsMargin: Bool) -> [[Int]] {
    (0..<3).map { axis in
      (0..<outputs[axis]).map { position in
        let start = position * window.strides[axis] - window.before[axis]
        let end = x.shape[2 + axis] + (countsMargin ? window.after[axis] : 0)
        return (0..<window.kernel[axis]).count { tap in
          let place = start + tap * window.dilations[axis]
          return place < end && (countsMargin || place >= 0)
        }
      }
    }
  }

  private func averaged(_ x: Tensor, _ window: Window, _ outputs: [Int], _ counts: [[Int]]) -> Tensor {
    func run<Lane: LaneNumber & BinaryFloatingPoint>(_: Lane.Type) -> Tensor {
      poolRows(x, window, outputs, from: Lane(0)) { sums, row, step, count in
        for i in 0..<count { sums[i] += row[i * step] }
      } finish: { sums, z, y in
        let rows = counts[0][z] * counts[1][y]
        for i in 0..<outputs[2] { sums[i] /= Lane(rows * counts[2][i]) }
      }
    }
    return x.dtype == .f64 ? run(Double.self) : run(Float.self)
  }

  /// The position in the plane [D, H, W] of the largest element under a window over x [N, C, D, H, W], f32 or f64, as i64; of
  /// equals the first one holds, and -1 stands where a window holds nothing.
  public func maxPoolPlaces(_ x: Tensor, window: Window, outputs: [Int]) -> Tensor {
    x.dtype == .f64
      ? places(x.detached(), window, outputs, in: Double.self) : places(x.detached(), window, outputs, in: Float.self)
  }

  private func places<Lane: LaneNumber & BinaryFloatingPoint>(
    _ x: Tensor, _ window: Window, _ outputs: [Int], in: Lane.Type
  ) -> Tensor {
    let source = contiguous(x)
    return withExtendedLifetime(source) {
      let places = empty(Shape([x.shape[0], x.shape[1]] + outputs), .i64)
      let at = places.pointer(as: Int64.self)
      pool(source, window, outputs, in: Lane.self) { plane, target, bounds, width, height in
        var (largest, place) = (-Lane.infinity, -1)
        for z in stride(from: bounds.z.lowerBound, to: bounds.z.upperBound, by: window.dilations[0]) {
          for y in stride(from: bounds.y.lowerBound, to: bounds.y.upperBound, by: window.dilations[1]) {
            let row = (z * height + y) * width
            for x in stride(from: bounds.x.lowerBound, to: bounds.x.upperBound, by: window.dilations[2])
            where plane[row + x] > largest || place < 0 || plane[row + x].isNaN {
              (largest, place) = (plane[row + x], row + x)
            }
          }
        }
        at[target] = Int64(place)
      }
      return places
    }
  }

  /// Pools row by row: `take(results, first element, step, count)` for each element of the kernel in order, with the
  /// outputs in a row that have it in the image; then `finish(results, z, y)` for the row.
  private func poolRows<Lane: LaneNumber & BinaryFloatingPoint>(
    _ x: Tensor, _ window: Window, _ outputs: [Int], from initial: Lane,
    _ take: @escaping (UnsafeMutablePointer<Lane>, UnsafePointer<Lane>, Int, Int) -> Void,
    finish: @escaping (UnsafeMutablePointer<Lane>, Int, Int) -> Void
  ) -> Tensor {
    precondition(x.shape.rank == 5 && Lane.isStoredAs(x.dtype), "pooling of \(x.dtype.displayName) \(x.shape)")
    let source = contiguous(x)
    return withExtendedLifetime(source) {
      let result = empty(Shape([x.shape[0], x.shape[1]] + outputs), x.dtype)
      let (depth, height, width) = (x.shape[2], x.shape[3], x.shape[4])
      let each = outputs.reduce(1, *)
      let planes = x.shape[0] * x.shape[1]
      if result.count == 0 { return result }
      let (from, to) = (UnsafePointer(source.pointer(as: Lane.self)), result.pointer(as: Lane.self))
      let step = window.strides[2]
      // For each element of the kernel's rows: the outputs that have it in the image, and where it lies for the first.
      let columns = (0..<window.kernel[2]).map { tap -> (first: Int, count: Int, place: Int) in
        let offset = tap * window.dilations[2] - window.before[2]
        let first = offset >= 0 ? 0 : (-offset + step - 1) / step
        let last = offset >= width ? 0 : min(outputs[2], (width - 1 - offset) / step + 1)
        return (first, max(0, last - first), first * step + offset)
      }
      let cost = OperationCost(
        flops: Double(planes * each) * Double(window.taps), bytesRead: 4 * Double(x.count),
        bytesWritten: 4 * Double(planes * each))
      performRanges(planes, grain: max(1, 32768 / (each * window.taps)), .reduction, cost) { range in
        for plane in range {
          for row in 0..<outputs[0] * outputs[1] {
            let (oz, oy) = row.quotientAndRemainder(dividingBy: outputs[1])
            let target = to + plane * each + row * outputs[2]
            target.update(repeating: initial, count: outputs[2])
            for kz in 0..<window.kernel[0] {
              let z = oz * window.strides[0] - window.before[0] + kz * window.dilations[0]
              if z < 0 || z >= depth { continue }
              for ky in 0..<window.kernel[1] {
                let y = oy * window.strides[1] - window.before[1] + ky * window.dilations[1]
                if y < 0 || y >= height { continue }
                let line = from + ((plane * depth + z) * height + y) * width
                for column in columns where column.count > 0 {
                  take(target + column.first, line + column.place, step, column.count)
                }
              }
            }
            finish(target, oz, oy)
          }
        }
      }
      return result
    }
  }

  /// The parts of three axes that a window covers.
  private typealias Bounds = (z: Range<Int>, y: Range<Int>, x: Range<Int>)

  /// Runs `body(plane, position in the result, bounds, width, height)` for every output; bounds begin at an element of the
  /// kernel.
  private func pool<Lane: LaneNumber>(
    _ x: Tensor, _ window: Window, _ outputs: [Int], in: Lane.Type,
    _ body: @escaping (UnsafePointer<Lane>, Int, Bounds, Int, Int) -> Void
  ) {
    precondition(x.shape.rank == 5 && Lane.isStoredAs(x.dtype), "pooling of \(x.dtype.displayName) \(x.shape)")
    let (depth, height, width) = (x.shape[2], x.shape[3], x.shape[4])
    let volume = depth * height * width
    let each = outputs.reduce(1, *)
    let planes = x.shape[0] * x.shape[1]
    if planes * each == 0 { return }
    let source = UnsafePointer(x.pointer(as: Lane.self))
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
