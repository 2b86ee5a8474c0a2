import CVenturi
import Costs
import NumericTypes

extension Context {
  /// The convolution (cross-correlation) of x [N, C, D, H, W] with w [M, C/groups, d, h, w] plus a bias [M], f32 or f64.
  ///
  /// A matrix product whose second operand is never there as a whole: each item packs the panels of its output positions
  /// from the input. Every output is the bias and then one chain of fused multiply-adds over channels and kernel. In
  /// f64 the columns are there as a whole, as they are on the way back.
  ///
  /// - Precondition: the shapes fit each other and `window.kernel`; `groups` divides C and M.
  public func convolution(_ x: Tensor, _ w: Tensor, bias: Tensor? = nil, window: Window, groups: Int = 1) -> Tensor {
    guard x.isTracked || w.isTracked || bias?.isTracked ?? false else {
      return convolved(x, w, bias, window, groups)
    }
    let outputs = (0..<3).map { window.outputs(x.shape[2 + $0], axis: $0) }
    return differentiable([x, w] + (bias.map { [$0] } ?? [])) {
      convolved(x, w, bias, window, groups)
    } backward: { [biasShape = bias?.shape] call in
      let context = call.context
      let (channels, positions) = (w.shape[1] * window.taps, outputs.reduce(1, *))
      let kernels: Shape = [groups, w.shape[0] / groups, channels]
      let g = context.contiguous(call.gradient)
        .reshaped([x.shape[0], groups, w.shape[0] / groups, positions])
      var gradients: [Tensor?] = [nil, nil]
      if call.wants(0) {
        let columns = context.matmul(context.contiguous(w).reshaped(kernels).transposed(), g)
        gradients[0] = context.fold(
          columns.reshaped([x.shape[0], x.shape[1] * window.taps, positions]), window, outputs, to: x.shape)
      }
      if call.wants(1) {
        let columns = context.unfold(x, window, outputs).reshaped([x.shape[0], groups, channels, positions])
        gradients[1] = context.sum(context.matmul(g, columns.transposed()), to: kernels).reshaped(w.shape)
      }
      if let biasShape {
        gradients.append(
          context.sum(context.contiguous(call.gradient), to: [w.shape[0], 1, 1, 1]).reshaped(biasShape))
      }
      return gradients
    }
  }

  private func convolved(_ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ window: Window, _ groups: Int) -> Tensor {
    precondition(
      x.shape.rank == 5 && w.shape.rank == 5 && x.dtype == w.dtype && (x.dtype == .f32 || x.dtype == .f64) && groups > 0
        && x.shape[1] == w.shape[1] * groups && w.shape[0].isMultiple(of: groups)
        && Array(w.shape.dimensions[2...]) == window.kernel && (bias.map { $0.count == w.shape[0] } ?? true),
      "convolution: \(x.shape) with \(w.shape) in \(groups) groups")
    if x.dtype == .f64 {
      let outputs = (0..<3).map { window.outputs(x.shape[2 + $0], axis: $0) }
      let (channels, positions) = (w.shape[1] * window.taps, outputs.reduce(1, *))
      let columns = unfold(x, window, outputs).reshaped([x.shape[0], groups, channels, positions])
      let product = matmul(contiguous(w).reshaped([groups, w.shape[0] / groups, channels]), columns)
      let y = product.reshaped(Shape([x.shape[0], w.shape[0]] + outputs))
      return bias.map { add(y, contiguous($0).reshaped([w.shape[0], 1, 1, 1])) } ?? y
    }
    let (input, weights) = (contiguous(x), contiguous(w))
    let bias = bias.map { contiguous($0) }
    return withExtendedLifetime((input, weights, bias)) {
      let outputs = (0..<3).map { window.outputs(x.shape[2 + $0], axis: $0) }
      let y = empty(Shape([x.shape[0], w.shape[0]] + outputs))
      if y.count == 0 { return y }
      let job = ConvolutionJob(
        kernels: gemmKernels, x: input.pointer(as: Float.self), w: weights.pointer(as: Float.self),
        bias: bias?.pointer(as: Float.self), y: y.pointer(as: Float.self), window: window,
        extents: Array(x.shape.dimensions[2...]), outputs: outputs, channels: w.shape[1],
        rows: w.shape[0] / groups, groups: groups)
      let scratch = empty([job.scratchFloats * workers.count])
      let items = x.shape[0] * groups
      let panels = job.panels(matrices: items, threads: workers.count)
      let tiles = (job.columns + 16 * panels - 1) / (16 * panels)
      let cost = Self.matmulCost(m: w.shape[0], n: job.columns * x.shape[0], k: job.inner)
      withExtendedLifetime(scratch) {
        let memory = scratch.pointer(as: Float.self)
        let workers = workers
        perform(.matmul, cost: OperatorCost(cost)) {
          workers.run(items * tiles) { item, worker in
            let (matrix, tile) = item.quotientAndRemainder(dividingBy: tiles)
            job.run(
              matrix: matrix, first: tile * 16 * panels, panels: panels, scratch: memory + worker * job.scratchFloats)
          }
        }
      }
      return y
    }
  }
}

/// A convolution over addresses, cut into tiles of output positions.
private struct ConvolutionJob {
  let kernels: UnsafePointer<vt_gemm_kernels>
  let x: UnsafePointer<Float>
  let w: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let y: UnsafeMutablePointer<Float>
  let window: Window
  let extents: [Int]
  let outputs: [Int]
  /// Input channels of a group.
  let channels: Int
  /// Output channels of a group.
  let rows: Int
  let groups: Int

  /// Output positions of an image.
  var columns: Int { outputs[0] * outputs[1] * outputs[2] }
  /// Terms of an output.
  var inner: Int { channels * window.taps }
  /// Steps of the inner sum at a time: whole channels, so that a packed panel is made kernel element by kernel element.
  var depth: Int {
    let perStep = max(1, Int(kernels.pointee.depth) / window.taps)
    return min(channels, perStep) * window.taps
  }
  var scratchFloats: Int { depth * 16 * mostPanels }
  /// Panels at a time: as many as fit the cache.
  private var mostPanels: Int { max(1, min(Int(kernels.pointee.panels), (1 << 20) / (depth * 16))) }

  /// Panels of a tile: as many as the cache takes, fewer where threads would have nothing to do.
  func panels(matrices: Int, threads: Int) -> Int {
    let all = (columns + 15) / 16
    let most = min(all, mostPanels)
    if threads == 1 { return max(1, most) }
    let wanted = (4 * threads + matrices - 1) / matrices
    return max(1, min(most, (all + wanted - 1) / wanted))
  }

  func run(matrix: Int, first: Int, panels: Int, scratch: UnsafeMutablePointer<Float>) {
    let (image, group) = matrix.quotientAndRemainder(dividingBy: groups)
    let volume = extents[0] * extents[1] * extents[2]
    let source = x + matrix * channels * volume
    let weights = w + group * rows * inner
    let target = y + (image * groups + group) * rows * columns + first
    let count = min(16 * panels, columns - first)
    for row in 0..<rows { (target + row * columns).update(repeating: bias?[group * rows + row] ?? 0, count: count) }
    let depth = depth
    var start = 0
    while start < inner {
      let steps = min(depth, inner - start)
      for panel in 0..<(count + 15) / 16 {
        pack(
          source + start / window.taps * volume, volume, channels: steps / window.taps, first: first + 16 * panel,
          scratch + panel * depth * 16)
      }
      kernels.pointee.block_f32(
        Int32(rows), Int32(steps), weights + start, Int64(inner), scratch, Int64(depth * 16), target, Int64(columns),
        Int32(count), 1)
      start += steps
    }
  }

  /// Packs 16 output positions of some channels: [channel][kernel element][16].
  private func pack(
    _ source: UnsafePointer<Float>, _ volume: Int, channels: Int, first: Int, _ panel: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (extents[1], extents[2])
    let taps = window.taps
    withUnsafeTemporaryAllocation(of: (z: Int, y: Int, x: Int).self, capacity: 16) { corners in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: 16) { places in
        for lane in 0..<16 {
          let column = first + lane
          let (rest, ox) = column.quotientAndRemainder(dividingBy: outputs[2])
          let (oz, oy) = rest.quotientAndRemainder(dividingBy: outputs[1])
          // Beyond the last output all is margin.
          let isInside = oz < outputs[0]
          corners[lane] = (
            isInside ? oz * window.strides[0] - window.before[0] : -1 << 40,
            oy * window.strides[1] - window.before[1], ox * window.strides[2] - window.before[2]
          )
        }
        var tap = 0
        for kz in 0..<window.kernel[0] {
          for ky in 0..<window.kernel[1] {
            for kx in 0..<window.kernel[2] {
              var isWhole = true
              var isRun = true
              for lane in 0..<16 {
                let z = corners[lane].z + kz * window.dilations[0]
                let y = corners[lane].y + ky * window.dilations[1]
                let x = corners[lane].x + kx * window.dilations[2]
                let isInside = z >= 0 && z < extents[0] && y >= 0 && y < height && x >= 0 && x < width
                places[lane] = isInside ? (z * height + y) * width + x : -1
                isWhole = isWhole && isInside
                isRun = isRun && places[lane] == places[0] + lane
              }
              for channel in 0..<channels {
                let from = source + channel * volume
                let to = panel + (channel * taps + tap) * 16
                if isWhole, isRun {
                  to.update(from: from + places[0], count: 16)
                } else if isWhole {
                  for lane in 0..<16 { to[lane] = from[places[lane]] }
                } else {
                  for lane in 0..<16 { to[lane] = places[lane] < 0 ? 0 : from[places[lane]] }
                }
              }
              tap += 1
            }
          }
        }
      }
    }
  }
}
