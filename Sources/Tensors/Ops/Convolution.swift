import CVenturi
import Costs
import NumericTypes

extension Context {
  /// The convolution (cross-correlation) of x [N, C, D, H, W] with w [M, C/groups, d, h, w] plus a bias [M], f32 or f64.
  ///
  /// A matrix product whose second operand is never there as a whole: each item packs the panels of its output positions
  /// from the input. Every output is the bias and then one chain of fused multiply-adds over channels and kernel. In
  /// f64 the columns are there as a whole.
  ///
  /// - Precondition: the shapes fit each other and `window.kernel`; `groups` divides C and M.
  public func convolution(_ x: Tensor, _ w: Tensor, bias: Tensor? = nil, window: Window, groups: Int = 1) -> Tensor {
    guard x.isTracked || w.isTracked || bias?.isTracked ?? false else {
      return convolved(x, w, bias, window, groups)
    }
    let (x, w) = (contiguous(x), contiguous(w))
    return differentiable([x, w] + (bias.map { [$0] } ?? [])) {
      convolved(x, w, bias, window, groups)
    } backward: { [biasShape = bias?.shape] call in
      let context = call.context
      let backward = ConvolutionBackward(x, w, window, groups)
      let g = context.contiguous(call.gradient)
      var gradients: [Tensor?]
      if call.isRecorded || x.dtype == .f64 {
        gradients = backward.composed(g, call)
      } else {
        gradients = [
          call.wants(0) ? backward.inputGradient(g, context) : nil,
          call.wants(1) ? backward.weightGradient(g, context) : nil,
        ]
      }
      if let biasShape { gradients.append(context.sum(g, to: [w.shape[0], 1, 1, 1]).reshaped(biasShape)) }
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
      var job = ConvolutionJob(
        kernels: gemmKernels, windows: windowKernels, x: input.pointer(as: Float.self),
        end: input.pointer(as: Float.self) + input.count, w: weights.pointer(as: Float.self),
        bias: bias?.pointer(as: Float.self), y: y.pointer(as: Float.self), window: window,
        extents: Array(x.shape.dimensions[2...]), outputs: outputs, channels: w.shape[1],
        rows: w.shape[0] / groups, groups: groups)
      job.together = job.togetherness(images: x.shape[0], threads: workers.count)
      let scratch = empty([job.scratchFloats * workers.count])
      let matrices = x.shape[0] * groups
      let panels = job.panels(matrices: matrices, threads: workers.count)
      let width = 16 * panels
      let tiles = (job.columns + width - 1) / width
      // An item that has all of an image widens it by its margins once.
      let parts = matrices >= 4 * workers.count ? 1 : tiles
      let cost = Self.matmulCost(m: w.shape[0], n: job.columns * x.shape[0], k: job.inner)
      withExtendedLifetime(scratch) {
        let memory = scratch.pointer(as: Float.self)
        let (workers, images) = (workers, x.shape[0])
        perform(.matmul, cost: OperatorCost(cost)) { [job] in
          if job.together > 1 {
            let parts = (images + job.together - 1) / job.together
            workers.run(groups * parts) { item, worker in
              let (group, part) = item.quotientAndRemainder(dividingBy: parts)
              let range = part * job.together..<min(images, (part + 1) * job.together)
              job.run(group: group, images: range, memory + worker * job.scratchFloats)
            }
            return
          }
          workers.run(matrices * parts) { item, worker in
            let (matrix, part) = item.quotientAndRemainder(dividingBy: parts)
            let own = memory + worker * job.scratchFloats
            let image = job.widened(matrix: matrix, own)
            for tile in parts == 1 ? 0..<tiles : part..<part + 1 {
              job.run(matrix: matrix, image: image, first: tile * width, panels: panels, own)
            }
          }
        }
      }
      return y
    }
  }
}
