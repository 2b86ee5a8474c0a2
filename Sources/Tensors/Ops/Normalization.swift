import CVenturi
import Costs
import NumericTypes

extension Context {
  /// x / √(mean(x²) + ε) · w along the last axis (Zhang, Sennrich: Root mean square layer normalization, 2019).
  ///
  /// - Precondition: f32 or a narrower float; `weight` has the last axis' extent, and `groups`, the equal parts of it that
  ///   are normalised each by itself, divides it.
  public func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float, groups: Int = 1) -> Tensor {
    precondition(weight.count == x.shape.last, "a weight of \(weight.shape) for rows of \(x.shape)")
    precondition(x.shape.last.isMultiple(of: groups), "\(groups) groups of rows of \(x.shape)")
    let weight = contiguous(cast(weight, to: .f32))
    return withExtendedLifetime(weight) {
      let w = UnsafePointer(weight.pointer(as: Float.self))
      return rows(x, .rmsNorm) { kernels, count, source, target in
        let part = count / groups
        for start in stride(from: 0, to: count, by: max(1, part)) {
          kernels.pointee.rms_norm_f32(Int64(part), source + start, w + start, epsilon, target + start)
        }
      }
    }
  }

  /// (x - mean) / √(variance + ε) · w + b along the last axis (Ba, Kiros, Hinton: Layer normalization, 2016); the variance is
  /// that of the row, divided by its length.
  ///
  /// - Precondition: f32 or a narrower float; `weight` and `bias` have the last axis' extent, and `groups`, the equal parts
  ///   of it that are normalised each by itself, divides it.
  public func layerNorm(
    _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5, groups: Int = 1
  ) -> Tensor {
    precondition(x.shape.last.isMultiple(of: groups), "\(groups) groups of rows of \(x.shape)")
    for part in [weight, bias].compactMap({ $0 }) {
      precondition(part.count == x.shape.last, "a weight or bias of \(part.shape) for rows of \(x.shape)")
    }
    let weight = weight.map { contiguous(cast($0, to: .f32)) }
    let bias = bias.map { contiguous(cast($0, to: .f32)) }
    return withExtendedLifetime((weight, bias)) {
      let w = (weight?.pointer(as: Float.self)).map { UnsafePointer($0) }
      let b = (bias?.pointer(as: Float.self)).map { UnsafePointer($0) }
      return rows(x, .layerNorm) { kernels, count, source, target in
        let part = count / groups
        for start in stride(from: 0, to: count, by: max(1, part)) {
          kernels.pointee.layer_norm_f32(
            Int64(part), source + start, w.map { $0 + start }, b.map { $0 + start }, epsilon, target + start)
        }
      }
    }
  }

  /// What a norm or softmax over rows of `shape` computes and moves at least.
  public static func rowCost(_ shape: Shape) -> OperationCost {
    let bytes = 4 * Double(shape.count)
    return OperationCost(flops: 4 * Double(shape.count), bytesRead: bytes, bytesWritten: bytes)
  }

  /// Applies a function of rows along the last axis, computed in f32, the result in the type of `x`.
  func rows(
    _ x: Tensor, _ kind: OperatorKind,
    _ body:
      @escaping (
        UnsafePointer<vt_elementwise_kernels>, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void
  ) -> Tensor {
    precondition(
      x.dtype == .f32 || x.dtype == .f16 || x.dtype == .bf16, "rows of \(x.dtype.displayName) \(x.shape)")
    let source = contiguous(cast(x, to: .f32))
    let y = withExtendedLifetime(source) {
      let y = empty(x.shape)
      let width = x.shape.last
      let (from, to, kernels) = (source.pointer(as: Float.self), y.pointer(as: Float.self), elementwiseKernels)
      performRanges(width == 0 ? 0 : x.shape.rows, grain: max(1, 8192 / max(1, width)), kind, Self.rowCost(x.shape)) {
        rows in
        for row in rows { body(kernels, width, from + row * width, to + row * width) }
      }
      return y
    }
    return cast(y, to: x.dtype)
  }
}
