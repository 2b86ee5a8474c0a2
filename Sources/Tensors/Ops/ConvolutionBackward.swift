import CVenturi
import Costs
import NumericTypes

/// The way back of a convolution of x [N, C, D, H, W] with w [M, C/groups, d, h, w], both contiguous.
struct ConvolutionBackward {
  private let x: Tensor
  private let w: Tensor
  private let window: Window
  private let groups: Int
  private let outputs: [Int]
  /// Images, channels of a group in and out, and output positions of an image.
  private let images: Int
  private let channels: Int
  private let rows: Int
  private let positions: Int

  init(_ x: Tensor, _ w: Tensor, _ window: Window, _ groups: Int) {
    (self.x, self.w, self.window, self.groups) = (x, w, window, groups)
    outputs = (0..<3).map { window.outputs(x.shape[2 + $0], axis: $0) }
    (images, channels, rows) = (x.shape[0], w.shape[1], w.shape[0] / groups)
    positions = outputs.reduce(1, *)
  }

  /// Both gradients by operators, over columns that are there as a whole.
  func composed(_ gradient: Tensor, _ call: BackwardCall) -> [Tensor?] {
    let context = call.context
    let inner = channels * window.taps
    let kernels: Shape = [groups, rows, inner]
    let g = gradient.reshaped([images, groups, rows, positions])
    var gradients: [Tensor?] = [nil, nil]
    if call.wants(0) {
      let columns = context.matmul(w.reshaped(kernels).transposed(), g)
      gradients[0] = context.fold(
        columns.reshaped([images, groups * inner, positions]), window, outputs, to: x.shape)
    }
    if call.wants(1) {
      let columns = context.unfold(x, window, outputs).reshaped([images, groups, inner, positions])
      gradients[1] = context.sum(context.matmul(g, columns.transposed()), to: kernels).reshaped(w.shape)
    }
    return gradients
  }

  // MARK: The input

  /// In steps of one this is the convolution of g with the kernels turned around; else the columns of some channels of one
  /// image at a time, summed where they lie.
  func inputGradient(_ g: Tensor, _ context: Context) -> Tensor {
    if x.count == 0 || g.count == 0 { return context.zeros(x.shape) }
    let reach = (0..<3).map { window.dilations[$0] * (window.kernel[$0] - 1) }
    let isPlain = (0..<3).allSatisfy {
      window.strides[$0] == 1 && window.before[$0] <= reach[$0] && window.after[$0] <= reach[$0]
    }
    if isPlain {
      var back = window
      back.before = (0..<3).map { reach[$0] - window.before[$0] }
      back.after = (0..<3).map { reach[$0] - window.after[$0] }
      let shape = Shape([groups * channels, rows] + window.kernel)
      return context.convolution(g, exchanged(shape, turned: true, context), window: back, groups: groups)
    }
    return summedColumns(g, context)
  }

  /// The kernels with their channels exchanged: [group][input][output][tap], the taps in turn or backwards; or, where
  /// `shape` is none of a convolution, [group][input][tap][output].
  private func exchanged(_ shape: Shape, turned: Bool, _ context: Context) -> Tensor {
    let made = context.empty(shape)
    let (from, to) = (w.pointer(as: Float.self), made.pointer(as: Float.self))
    let (rows, channels, taps) = (rows, channels, window.taps)
    withExtendedLifetime((w, made)) {
      let cost = Context.copyCost(w.shape, .f32, .f32)
      context.performRanges(groups * channels, grain: max(1, 16384 / max(1, rows * taps)), .copy, cost) { range in
        for index in range {
          let (group, channel) = index.quotientAndRemainder(dividingBy: channels)
          for row in 0..<rows {
            let source = from + ((group * rows + row) * channels + channel) * taps
            if turned {
              let target = to + (index * rows + row) * taps
              for tap in 0..<taps { target[tap] = source[taps - 1 - tap] }
            } else {
              let target = to + index * taps * rows + row
              for tap in 0..<taps { target[tap * rows] = source[tap] }
            }
          }
        }
      }
    }
    return made
  }

  private func summedColumns(_ g: Tensor, _ context: Context) -> Tensor {
    let (taps, rows, channels, positions) = (window.taps, rows, channels, positions)
    let weights = exchanged([groups * channels * taps, rows], turned: false, context)
    let result = context.empty(x.shape)
    let places = WindowPlaces(window, Array(x.shape.dimensions[2...]), outputs)
    // Channels whose columns stay in the cache.
    let some = max(1, min(channels, (1 << 16) / max(1, taps * positions)))
    let parts = (channels + some - 1) / some
    let panels = (positions + 15) / 16
    let kernels = context.gemmKernels
    let depth = min(rows, Int(kernels.pointee.depth))
    let each = panels * 16 * depth + some * taps * positions
    let scratch = context.empty([context.workers.count * each])
    withExtendedLifetime((g, weights, scratch)) {
      let (from, a, memory) = (
        g.pointer(as: Float.self), weights.pointer(as: Float.self), scratch.pointer(as: Float.self)
      )
      let to = result.pointer(as: Float.self)
      let workers = context.workers
      let cost = Context.matmulCost(m: channels * taps * groups, n: positions * images, k: rows)
      let job = WorkerJob { item, worker in
        let (matrix, part) = item.quotientAndRemainder(dividingBy: parts)
        let first = part * some
        let count = min(some, channels - first)
        let packed = memory + worker * each
        let columns = packed + panels * 16 * depth
        let source = from + matrix * rows * positions
        let kernel = a + ((matrix % groups) * channels + first) * taps * rows
        for start in stride(from: 0, to: rows, by: depth) {
          let steps = min(depth, rows - start)
          for panel in 0..<panels {
            kernels.pointee.pack_f32(
              Int32(min(16, positions - 16 * panel)), Int32(steps), source + start * positions + 16 * panel,
              Int64(positions), packed + panel * 16 * depth)
          }
          kernels.pointee.block_f32(
            Int32(count * taps), Int32(steps), kernel + start, Int64(rows), packed, Int64(16 * depth), columns,
            Int64(positions), Int32(positions), start > 0 ? 1 : 0)
        }
        for channel in 0..<count {
          let plane = to + (matrix * channels + first + channel) * places.volume
          plane.update(repeating: 0, count: places.volume)
          places.rows { tap, output, place, step, count in
            let row = columns + (channel * taps + tap) * positions + output
            for i in 0..<count { plane[place + i * step] += row[i] }
          }
        }
      }
      let items = images * groups * parts
      context.perform(.matmul, cost: OperatorCost(cost)) { workers.run(items, job) }
    }
    return result
  }

  // MARK: The kernels

  /// [C · taps, N · positions] · [N · positions, M]: g is packed once, and the columns are there for some channels and some
  /// rows of outputs at a time.
  func weightGradient(_ g: Tensor, _ context: Context) -> Tensor {
    if w.count == 0 || g.count == 0 || x.count == 0 { return context.zeros(w.shape) }
    let packed = packedPositions(g, context)
    let (taps, rows, channels) = (window.taps, rows, channels)
    let inner = images * positions
    let made = context.empty([groups, channels * taps, rows])
    let unfolding = Unfolding(
      window, Array(x.shape.dimensions[2...]), outputs, images: images, channels: groups * channels)
    let kernels = context.gemmKernels
    let lines = max(1, Int(kernels.pointee.depth) / outputs[2])
    let depth = lines * outputs[2]
    let some = max(1, min(channels, 128 / taps))
    let parts = (channels + some - 1) / some
    let panels = (rows + 15) / 16
    let most = Int(kernels.pointee.panels)
    let each = some * taps * depth
    let scratch = context.empty([context.workers.count * each])
    withExtendedLifetime((x, packed, scratch)) {
      let (from, b, memory) = (
        x.pointer(as: Float.self), packed.pointer(as: Float.self), scratch.pointer(as: Float.self)
      )
      let to = made.pointer(as: Float.self)
      let workers = context.workers
      let cost = Context.matmulCost(m: groups * channels * taps, n: rows, k: inner)
      let job = WorkerJob { item, worker in
        let (group, part) = item.quotientAndRemainder(dividingBy: parts)
        let first = part * some
        let count = min(some, channels - first)
        let columns = memory + worker * each
        let target = to + (group * channels + first) * taps * rows
        for line in stride(from: 0, to: unfolding.lines, by: lines) {
          let range = line..<min(unfolding.lines, line + lines)
          let steps = range.count * outputs[2]
          for channel in 0..<count {
            unfolding.columns(
              from, group * channels + first + channel, range, columns + channel * taps * depth, depth)
          }
          for panel in stride(from: 0, to: panels, by: most) {
            let width = min(16 * most, rows - 16 * panel)
            kernels.pointee.block_f32(
              Int32(count * taps), Int32(steps), columns, Int64(depth),
              b + ((group * panels + panel) * inner + line * outputs[2]) * 16, Int64(inner * 16), target + 16 * panel,
              Int64(rows), Int32(width), line > 0 ? 1 : 0)
          }
        }
      }
      context.perform(.matmul, cost: OperatorCost(cost)) { workers.run(groups * parts, job) }
    }
    return context.copy(made.transposed()).reshaped(w.shape)
  }

  /// g [N, groups · M, positions] as panels [group][M / 16][N · positions][16].
  private func packedPositions(_ g: Tensor, _ context: Context) -> Tensor {
    let (images, rows, positions) = (images, rows, positions)
    let panels = (rows + 15) / 16
    let groups = groups
    let packed = context.empty([groups * panels * images * positions * 16])
    let (from, to) = (g.pointer(as: Float.self), packed.pointer(as: Float.self))
    let kernels = context.gemmKernels
    withExtendedLifetime(g) {
      let cost = Context.copyCost(g.shape, .f32, .f32)
      let grain = max(1, 1024 / max(1, positions))
      context.performRanges(groups * panels * images, grain: grain, .pack, cost) { range in
        for index in range {
          let (panel, image) = index.quotientAndRemainder(dividingBy: images)
          let (group, first) = (panel / panels, panel % panels * 16)
          kernels.pointee.pack_transposed_f32(
            Int32(min(16, rows - first)), Int32(positions),
            from + ((image * groups + group) * rows + first) * positions, Int64(positions),
            to + index * positions * 16)
        }
      }
    }
    return packed
  }
}

/// Columns of some rows of outputs, one behind the other over all images.
private struct Unfolding {
  private let window: Window
  private let extents: [Int]
  private let outputs: [Int]
  private let channels: Int
  /// Rows of outputs.
  let lines: Int

  init(_ window: Window, _ extents: [Int], _ outputs: [Int], images: Int, channels: Int) {
    (self.window, self.extents, self.outputs, self.channels) = (window, extents, outputs, channels)
    lines = images * outputs[0] * outputs[1]
  }

  /// What lies under each of the kernel's elements over one channel, [taps][outputs of `range`], `step` apart.
  func columns(
    _ x: UnsafePointer<Float>, _ channel: Int, _ range: Range<Int>, _ target: UnsafeMutablePointer<Float>, _ step: Int
  ) {
    let (depth, height, width) = (extents[0], extents[1], extents[2])
    let (count, stride) = (outputs[2], window.strides[2])
    for (index, line) in range.enumerated() {
      let (rest, oy) = line.quotientAndRemainder(dividingBy: outputs[1])
      let (image, oz) = rest.quotientAndRemainder(dividingBy: outputs[0])
      let plane = x + (image * channels + channel) * depth * height * width
      var to = target + index * count
      for kz in 0..<window.kernel[0] {
        let z = oz * window.strides[0] - window.before[0] + kz * window.dilations[0]
        for ky in 0..<window.kernel[1] {
          let y = oy * window.strides[1] - window.before[1] + ky * window.dilations[1]
          let isInside = z >= 0 && z < depth && y >= 0 && y < height
          let row = plane + (isInside ? (z * height + y) * width : 0)
          for kx in 0..<window.kernel[2] {
            defer { to += step }
            let offset = kx * window.dilations[2] - window.before[2]
            let first = min(count, offset >= 0 ? 0 : (-offset + stride - 1) / stride)
            let last = offset >= width ? first : max(first, min(count, (width - 1 - offset) / stride + 1))
            if !isInside || first == last {
              to.update(repeating: 0, count: count)
              continue
            }
            for i in 0..<first { to[i] = 0 }
            let source = row + offset
            if stride == 1 {
              (to + first).update(from: source + first, count: last - first)
            } else {
              for i in first..<last { to[i] = source[i * stride] }
            }
            for i in last..<count { to[i] = 0 }
          }
        }
      }
    }
  }
}
