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

  /// The convolutions of g with the kernels turned around: in steps of more than one, one for the inputs of each phase with
  /// the kernel's elements that reach them. Where the margins are more than a kernel reaches, and where spread kernels take
  /// steps, the columns of some channels of one image at a time, summed where they lie.
  func inputGradient(_ g: Tensor, _ context: Context) -> Tensor {
    if x.count == 0 || g.count == 0 { return context.zeros(x.shape) }
    let axes = (0..<3).map { phases(axis: $0) }
    if axes.contains(where: { $0.contains(where: { $0.before < 0 || $0.after < 0 }) }) {
      return summedColumns(g, context)
    }
    let all = axes[0].flatMap { z in axes[1].flatMap { y in axes[2].map { x in [z, y, x] } } }
    if all.count == 1 { return gradient(g, of: all[0], context) }
    let result = context.empty(x.shape)
    for phase in all where phase.allSatisfy({ $0.count > 0 }) {
      let part = phase.allSatisfy { $0.taps > 0 } ? gradient(g, of: phase, context) : nil
      spread(part, phase, over: result, context)
    }
    return result
  }

  /// Inputs along an axis that are a step apart from each other.
  private struct Phase {
    /// The first of them, and how many there are.
    let first: Int
    let count: Int
    /// The first element of the kernel that reaches them, and how many do, a step apart.
    let tap: Int
    let taps: Int
    /// The margins that g needs around it.
    let before: Int
    let after: Int
  }

  private func phases(axis: Int) -> [Phase] {
    let (step, dilation, kernel) = (window.strides[axis], window.dilations[axis], window.kernel[axis])
    let (margin, extent) = (window.before[axis], x.shape[2 + axis])
    if step > 1, dilation > 1 { return [Phase(first: 0, count: extent, tap: 0, taps: kernel, before: -1, after: -1)] }
    // An input at step · q + first takes part in output q + turn - j by the kernel's element tap + step · j.
    return (0..<step).map { first in
      let count = max(0, (extent - first + step - 1) / step)
      let (tap, turn) = ((first + margin) % step, (first + margin) / step)
      let taps = max(0, (kernel - tap + step - 1) / step)
      if taps == 0 || count == 0 {
        return Phase(first: first, count: count, tap: tap, taps: taps, before: 0, after: 0)
      }
      return Phase(
        first: first, count: count, tap: tap, taps: taps, before: dilation * (taps - 1) - turn,
        after: count + turn - outputs[axis])
    }
  }

  /// The gradient of the inputs of one phase.
  private func gradient(_ g: Tensor, of phase: [Phase], _ context: Context) -> Tensor {
    var back = Window(kernel: phase.map(\.taps))
    back.dilations = window.dilations
    back.before = phase.map(\.before)
    back.after = phase.map(\.after)
    return context.convolution(g, turned(phase, context), window: back, groups: groups)
  }

  /// The elements of the kernels that reach a phase, in turn, with channels exchanged: [group · input][output][tap].
  private func turned(_ phase: [Phase], _ context: Context) -> Tensor {
    let made = context.empty(Shape([groups * channels, rows] + phase.map(\.taps)))
    let (from, to) = (w.pointer(as: Float.self), made.pointer(as: Float.self))
    let (rows, channels, taps, kernel, steps) = (rows, channels, window.taps, window.kernel, window.strides)
    let places = (0..<phase[0].taps).reversed().flatMap { z in
      (0..<phase[1].taps).reversed().flatMap { y in
        (0..<phase[2].taps).reversed().map { x in
          let at = [z, y, x].indices.map { phase[$0].tap + steps[$0] * [z, y, x][$0] }
          return (at[0] * kernel[1] + at[1]) * kernel[2] + at[2]
        }
      }
    }
    withExtendedLifetime((w, made)) {
      let cost = Context.copyCost(made.shape, .f32, .f32)
      let count = places.count
      context.performRanges(groups * channels, grain: max(1, 16384 / max(1, rows * count)), .copy, cost) { range in
        places.withUnsafeBufferPointer { places in
          for index in range {
            let (group, channel) = index.quotientAndRemainder(dividingBy: channels)
            for row in 0..<rows {
              let source = from + ((group * rows + row) * channels + channel) * taps
              let target = to + (index * rows + row) * count
              for tap in 0..<count { target[tap] = source[places[tap]] }
            }
          }
        }
      }
    }
    return made
  }

  /// Writes the inputs of a phase to where they are among all; zeros where there are none.
  private func spread(_ part: Tensor?, _ phase: [Phase], over result: Tensor, _ context: Context) {
    let (to, from) = (result.pointer(as: Float.self), part?.pointer(as: Float.self))
    let (steps, extents) = (window.strides, Array(x.shape.dimensions[2...]))
    let (volume, count) = (extents.reduce(1, *), phase.reduce(1) { $0 * $1.count })
    let (depth, height, width) = (phase[0].count, phase[1].count, phase[2].count)
    let first = phase.map(\.first)
    withExtendedLifetime((part, result)) {
      let cost = Context.copyCost(part?.shape ?? x.shape, .f32, .f32)
      context.performRanges(x.shape[0] * x.shape[1], grain: max(1, 16384 / max(1, count)), .copy, cost) { planes in
        for plane in planes {
          for z in 0..<depth {
            for y in 0..<height {
              let line =
                (first[0] + z * steps[0]) * extents[1] * extents[2] + (first[1] + y * steps[1]) * extents[2] + first[2]
              let target = to + plane * volume + line
              if let from {
                let source = from + plane * count + (z * height + y) * width
                for x in 0..<width { target[x * steps[2]] = source[x] }
              } else {
                for x in 0..<width { target[x * steps[2]] = 0 }
              }
            }
          }
        }
      }
    }
  }

  /// The kernels with their channels exchanged: [group][input][tap][output].
  private func exchanged(_ context: Context) -> Tensor {
    let made = context.empty([groups * channels * window.taps, rows])
    let (from, to) = (w.pointer(as: Float.self), made.pointer(as: Float.self))
    let (rows, channels, taps) = (rows, channels, window.taps)
    withExtendedLifetime((w, made)) {
      let cost = Context.copyCost(w.shape, .f32, .f32)
      context.performRanges(groups * channels, grain: max(1, 16384 / max(1, rows * taps)), .copy, cost) { range in
        for index in range {
          let (group, channel) = index.quotientAndRemainder(dividingBy: channels)
          for row in 0..<rows {
            let source = from + ((group * rows + row) * channels + channel) * taps
            let target = to + index * taps * rows + row
            for tap in 0..<taps { target[tap * rows] = source[tap] }
          }
        }
      }
    }
    return made
  }

  private func summedColumns(_ g: Tensor, _ context: Context) -> Tensor {
    let (taps, rows, channels, positions) = (window.taps, rows, channels, positions)
    let weights = exchanged(context)
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

  /// [C · taps, N · positions] · [N · positions, M]: g is packed once, and the columns are there for a tile of rows and some
  /// lines of outputs at a time, or a part of one that is longer than a block of the kernels.
  func weightGradient(_ g: Tensor, _ context: Context) -> Tensor {
    if w.count == 0 || g.count == 0 || x.count == 0 { return context.zeros(w.shape) }
    let packed = packedPositions(g, context)
    let (taps, rows, channels, width) = (window.taps, rows, channels, outputs[2])
    let inner = images * positions
    let made = context.empty([groups, channels * taps, rows])
    let (kernels, windows) = (context.gemmKernels, context.windowKernels)
    let depth = Int(kernels.pointee.depth)
    let lines = max(1, depth / width)
    // As many channels as stay in the cache, as many for each thread.
    let threads = context.workers.count
    let wanted = (channels + max(1, 144 / taps) - 1) / max(1, 144 / taps)
    let even = (wanted * groups + threads - 1) / threads * threads
    let some = max(1, (channels * groups + even - 1) / even)
    let parts = (channels + some - 1) / some
    let panels = (rows + 15) / 16
    let most = Int(kernels.pointee.panels)
    let extents = Array(x.shape.dimensions[2...])
    let volume = extents.reduce(1, *)
    let under = window.cWindow(extents: extents, outputs: outputs, apart: groups * channels * volume)
    let (all, lineCount) = (x.count, images * outputs[0] * outputs[1])
    withExtendedLifetime((x, packed)) {
      let (from, b) = (UnsafePointer(x.pointer(as: Float.self)), packed.pointer(as: Float.self))
      let to = made.pointer(as: Float.self)
      let workers = context.workers
      let cost = Context.matmulCost(m: groups * channels * taps, n: rows, k: inner)
      let job = WorkerJob { item, _ in
        let (group, part) = item.quotientAndRemainder(dividingBy: parts)
        let first = part * some
        let count = min(some, channels - first)
        let target = to + (group * channels + first) * taps * rows
        var columns = vt_unfolding(
          window: under, x: from + (group * channels + first) * volume, begin: from, end: from + all, first: 0,
          lines: 0,
          start: 0, width: 0)
        for line in stride(from: 0, to: lineCount, by: lines) {
          for start in stride(from: 0, to: width, by: depth) {
            (columns.first, columns.lines) = (Int64(line), Int64(min(lines, lineCount - line)))
            (columns.start, columns.width) = (Int64(start), Int64(min(depth, width - start)))
            for panel in stride(from: 0, to: panels, by: most) {
              kernels.pointee.block_rows_f32(
                Int32(count * taps), Int32(columns.lines * columns.width), windows.pointee.unfold, &columns,
                b + ((group * panels + panel) * inner + line * width + start) * 16, Int64(inner * 16),
                target + 16 * panel, Int64(rows), Int32(min(16 * most, rows - 16 * panel)), line + start > 0 ? 1 : 0)
            }
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
