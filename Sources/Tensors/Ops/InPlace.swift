import CVenturi
import Costs
import NumericTypes

// Operators that work in the storage of their operand, contiguous f32: what runs over a residual stream or over logits needs
// no second buffer. They have no gradient and refuse tensors whose gradient is recorded.

extension Context {
  /// y += x, in y's own storage.
  ///
  /// - Precondition: both are contiguous f32 of one shape.
  public func accumulate(_ x: Tensor, into y: Tensor) {
    precondition(x.shape == y.shape, "\(x.shape) added to \(y.shape)")
    let source = UnsafePointer(checked(x))
    inPlace(y, grain: 32768, operands: 2) { kernels, target, range in
      let at = target + range.lowerBound
      kernels.pointee.binary_f32(VT_OP_ADD, Int64(range.count), at, 1, source + range.lowerBound, 1, at)
    }
  }

  /// y *= factor, in y's own storage.
  ///
  /// - Precondition: y is contiguous f32.
  public func scale(_ y: Tensor, by factor: Float) {
    inPlace(y, grain: 32768) { kernels, target, range in
      let at = target + range.lowerBound
      withUnsafePointer(to: factor) {
        kernels.pointee.binary_f32(VT_OP_MULTIPLY, Int64(range.count), at, 1, $0, 0, at)
      }
    }
  }

  /// y = limit · tanh(y / limit), in y's own storage: scores that stay within ±limit.
  ///
  /// - Precondition: y is contiguous f32; `limit` is above 0.
  public func softcap(_ y: Tensor, at limit: Float) {
    precondition(limit > 0, "a limit of \(limit)")
    let inverse = 1 / limit
    inPlace(y, grain: 8192) { kernels, target, range in
      let at = target + range.lowerBound
      let count = Int64(range.count)
      withUnsafePointer(to: inverse) { kernels.pointee.binary_f32(VT_OP_MULTIPLY, count, at, 1, $0, 0, at) }
      kernels.pointee.unary_f32(VT_OP_TANH, count, at, at)
      withUnsafePointer(to: limit) { kernels.pointee.binary_f32(VT_OP_MULTIPLY, count, at, 1, $0, 0, at) }
    }
  }

  private func checked(_ x: Tensor) -> UnsafeMutablePointer<Float> {
    precondition(
      !x.isTracked, "\(x.shape) changed in place, or added in place to another, while its gradient is recorded")
    precondition(x.dtype == .f32 && x.isContiguous, "\(x.shape) \(x.dtype.displayName) in place")
    return x.pointer(as: Float.self)
  }

  private func inPlace(
    _ y: Tensor, grain: Int, operands: Int = 1,
    _ body: @escaping (UnsafePointer<vt_elementwise_kernels>, UnsafeMutablePointer<Float>, Range<Int>) -> Void
  ) {
    let (target, kernels) = (checked(y), elementwiseKernels)
    let cost = Self.elementwiseCost(y.shape, .f32, operands: operands)
    performRanges(y.count, grain: grain, .elementwise, cost) { body(kernels, target, $0) }
  }
}
