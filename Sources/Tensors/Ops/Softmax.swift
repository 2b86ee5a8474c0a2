import CVenturi

extension Context {
  /// e^(x - max) / Σ e^(x - max) along the last axis.
  ///
  /// -inf gives 0. A row that holds NaN or inf, or nothing but -inf, gives NaN everywhere. Terms below e^-87 of the
  /// largest count as 0.
  public func softmax(_ x: Tensor) -> Tensor {
    rows(x, .softmax) { kernels, count, source, target in kernels.pointee.softmax_f32(Int64(count), source, target) }
  }

  /// The logarithm of ``softmax(_:)``: x - max - log Σ e^(x - max) along the last axis.
  public func logSoftmax(_ x: Tensor) -> Tensor {
    rows(x, .softmax) { kernels, count, source, target in
      kernels.pointee.log_softmax_f32(Int64(count), source, target)
    }
  }
}
