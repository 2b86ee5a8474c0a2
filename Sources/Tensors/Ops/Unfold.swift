import Costs
import NumericTypes

// A convolution as a matrix product: every output position a column of what lies under the window there. The way back of
// convolutions and pooling, and the plain form of them in f64. Unfolding and folding are each other's way back.

extension Context {
  /// The elements under a window over x [N, C, D, H, W] → [N, C · taps, outputs], 0 in the margins; channels outermost, then
  /// the kernel's elements in order.
  func unfold(_ x: Tensor, _ window: Window, _ outputs: [Int]) -> Tensor {
    let places = WindowPlaces(window, Array(x.shape.dimensions[2...]), outputs)
    guard x.isTracked else { return unfolded(x, places) }
    return differentiable([x]) {
      unfolded(x, places)
    } backward: { [shape = x.shape] call in
      [call.context.fold(call.gradient, window, outputs, to: shape)]
    }
  }

  /// The sums of what of [N, C · taps, outputs] lies at each element of [N, C, D, H, W].
  func fold(_ columns: Tensor, _ window: Window, _ outputs: [Int], to shape: Shape) -> Tensor {
    let places = WindowPlaces(window, Array(shape.dimensions[2...]), outputs)
    guard columns.isTracked else { return folded(columns, places, shape) }
    return differentiable([columns]) {
      folded(columns, places, shape)
    } backward: { call in
      [call.context.unfold(call.gradient, window, outputs)]
    }
  }

  private func unfolded(_ x: Tensor, _ places: WindowPlaces) -> Tensor {
    func run<Lane: LaneNumber>(_: Lane.Type) -> Tensor {
      let source = contiguous(x)
      return withExtendedLifetime(source) {
        let (planes, count) = (x.shape[0] * x.shape[1], places.outputCount)
        let y = empty([x.shape[0], x.shape[1] * places.window.taps, count], x.dtype)
        let (from, to) = (source.pointer(as: Lane.self), y.pointer(as: Lane.self))
        let (volume, each) = (places.volume, places.window.taps * count)
        performRanges(
          y.count == 0 ? 0 : planes, grain: max(1, 16384 / max(1, each)), .copy,
          Self.copyCost(y.shape, x.dtype, x.dtype)
        ) { range in
          for plane in range {
            let (source, target) = (from + plane * volume, to + plane * each)
            target.update(repeating: .zero, count: each)
            places.rows { tap, output, place, step, count in
              let row = target + tap * places.outputCount + output
              for i in 0..<count { row[i] = source[place + i * step] }
            }
          }
        }
        return y
      }
    }
    precondition(x.dtype == .f32 || x.dtype == .f64, "a window over \(x.dtype.displayName) \(x.shape)")
    return x.dtype == .f64 ? run(Double.self) : run(Float.self)
  }

  private func folded(_ columns: Tensor, _ places: WindowPlaces, _ shape: Shape) -> Tensor {
    func run<Lane: LaneNumber & BinaryFloatingPoint>(_: Lane.Type) -> Tensor {
      let source = contiguous(columns)
      return withExtendedLifetime(source) {
        let y = empty(shape, columns.dtype)
        let (from, to) = (source.pointer(as: Lane.self), y.pointer(as: Lane.self))
        let (volume, each) = (places.volume, places.window.taps * places.outputCount)
        let cost = Self.copyCost(columns.shape, columns.dtype, columns.dtype)
        performRanges(y.count == 0 ? 0 : shape[0] * shape[1], grain: max(1, 16384 / max(1, each)), .copy, cost) {
          range in
          for plane in range {
            let (source, target) = (from + plane * each, to + plane * volume)
            target.update(repeating: .zero, count: volume)
            places.rows { tap, output, place, step, count in
              let row = source + tap * places.outputCount + output
              for i in 0..<count { target[place + i * step] += row[i] }
            }
          }
        }
        return y
      }
    }
    return columns.dtype == .f64 ? run(Double.self) : run(Float.self)
  }
}

/// Where the elements of a window's kernel lie in a plane [D, H, W], row of outputs by row of outputs.
struct WindowPlaces: Sendable {
  let window: Window
  let extents: [Int]
  let outputs: [Int]

  init(_ window: Window, _ extents: [Int], _ outputs: [Int]) {
    self.window = window
    self.extents = extents
    self.outputs = outputs
  }

  var volume: Int { extents.reduce(1, *) }
  var outputCount: Int { outputs.reduce(1, *) }

  /// Calls `body(kernel element, first output, its place in the plane, step, count)` for each run of outputs in a row that
  /// have a kernel element inside of the plane.
  func rows(_ body: (Int, Int, Int, Int, Int) -> Void) {
    let (height, width, step) = (extents[1], extents[2], window.strides[2])
    var tap = 0
    for kz in 0..<window.kernel[0] {
      for ky in 0..<window.kernel[1] {
        for kx in 0..<window.kernel[2] {
          defer { tap += 1 }
          let offset = kx * window.dilations[2] - window.before[2]
          let first = offset >= 0 ? 0 : (-offset + step - 1) / step
          let last = offset >= width ? 0 : min(outputs[2], (width - 1 - offset) / step + 1)
          if last <= first { continue }
          for oz in 0..<outputs[0] {
            let z = oz * window.strides[0] - window.before[0] + kz * window.dilations[0]
            if z < 0 || z >= extents[0] { continue }
            for oy in 0..<outputs[1] {
              let y = oy * window.strides[1] - window.before[1] + ky * window.dilations[1]
              if y < 0 || y >= height { continue }
              body(
                tap, (oz * outputs[1] + oy) * outputs[2] + first, (z * height + y) * width + first * step + offset,
                step,
                last - first)
            }
          }
        }
      }
    }
  }
}
