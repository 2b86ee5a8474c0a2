import NumericTypes

extension Context {
  /// What a convolution over `window` does to gradients of its input, as an operator of its own: x [N, C, D, H, W] with
  /// w [C, M/groups, d, h, w] plus a bias [M] → [N, M, ..], each element of x spread over the kernel where the window lies.
  ///
  /// `extents` are those of the result's last three axes. Several can have the same convolution's outputs; by default they are
  /// the smallest.
  ///
  /// - Precondition: the shapes fit each other and `window.kernel`; a convolution over `extents` has those of x; `groups` divides C.
  public func transposedConvolution(
    _ x: Tensor, _ w: Tensor, bias: Tensor? = nil, window: Window, extents: [Int]? = nil, groups: Int = 1
  ) -> Tensor {
    precondition(
      x.shape.rank == 5 && w.shape.rank == 5 && x.dtype == w.dtype && (x.dtype == .f32 || x.dtype == .f64) && groups > 0
        && x.shape[1] == w.shape[0] && x.shape[1].isMultiple(of: groups)
        && Array(w.shape.dimensions[2...]) == window.kernel && (bias.map { $0.count == w.shape[1] * groups } ?? true),
      "transposed convolution: \(x.shape) with \(w.shape) in \(groups) groups")
    let outputs = Array(x.shape.dimensions[2...])
    let target =
      extents
      ?? (0..<3).map {
        (outputs[$0] - 1) * window.strides[$0] + window.dilations[$0] * (window.kernel[$0] - 1) + 1 - window.before[$0]
          - window.after[$0]
      }
    precondition(
      target.count == 3
        && (0..<3).allSatisfy { target[$0] >= 0 && window.outputs(target[$0], axis: $0) == outputs[$0] },
      "transposed convolution: no \(x.shape) comes from \(target) by \(window)")
    let (batch, channels, made, positions) = (x.shape[0], x.shape[1] / groups, w.shape[1], outputs.reduce(1, *))
    let kernels = contiguous(w).reshaped([groups, channels, made * window.taps]).transposed()
    let columns = matmul(kernels, contiguous(x).reshaped([batch, groups, channels, positions]))
    let y = fold(
      columns.reshaped([batch, groups * made * window.taps, positions]), window, outputs,
      to: Shape([batch, groups * made] + target))
    return bias.map { add(y, contiguous($0).reshaped([groups * made, 1, 1, 1])) } ?? y
  }
}
