import CVenturi
import Costs
import NumericTypes

extension Context {
  /// x / √(mean(x²) + ε) · w along the last axis (Zhang, Sennrich: Root mean square layer normalization, 2019).
  ///
  /// - Precondition: floating-point; `weight` has the last axis' extent, and `groups`, the equal parts of it that
  ///   are normalised each by itself, divides it.
  public func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float, groups: Int = 1) -> Tensor {
    guard x.isTracked || weight.isTracked else { return rmsNormed(x, weight, epsilon, groups) }
    return differentiable([x, weight]) {
      rmsNormed(x, weight, epsilon, groups)
    } backward: { call in
      let backward = NormBackward(x: x, weight: weight, epsilon: epsilon, groups: groups, isCentred: false)
      return Array(backward.gradients(call)[..<2])
    }
  }

  private func rmsNormed(_ x: Tensor, _ weight: Tensor, _ epsilon: Float, _ groups: Int) -> Tensor {
    precondition(weight.count == x.shape.last, "a weight of \(weight.shape) for rows of \(x.shape)")
    precondition(x.shape.last.isMultiple(of: groups), "\(groups) groups of rows of \(x.shape)")
    if x.dtype == .f64 { return normed(x, weight, nil, epsilon, groups, isCentred: false) }
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
  /// - Precondition: floating-point; `weight` and `bias` have the last axis' extent, and `groups`, the equal parts
  ///   of it that are normalised each by itself, divides it.
  public func layerNorm(
    _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5, groups: Int = 1
  ) -> Tensor {
    guard x.isTracked || weight?.isTracked ?? false || bias?.isTracked ?? false else {
      return layerNormed(x, weight, bias, epsilon, groups)
    }
    let inputs = [x] + [weight, bias].compactMap { $0 }
    let count = inputs.count
    return differentiable(inputs) {
      layerNormed(x, weight, bias, epsilon, groups)
    } backward: { [biasLike = bias.map { ($0.shape, $0.dtype) }] call in
      let backward = NormBackward(x: x, weight: weight, epsilon: epsilon, groups: groups, isCentred: true)
      let found = backward.gradients(call, biasAt: biasLike == nil ? nil : count - 1)
      let ofBias = biasLike.map { shape, dtype in
        found[2].map { call.context.cast($0.reshaped(shape), to: dtype) }
      }
      return [found[0]] + (weight == nil ? [] : [found[1]]) + (ofBias.map { [$0] } ?? [])
    }
  }

  private func layerNormed(
    _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Float, _ groups: Int
  ) -> Tensor {
    precondition(x.shape.last.isMultiple(of: groups), "\(groups) groups of rows of \(x.shape)")
    for part in [weight, bias].compactMap({ $0 }) {
      precondition(part.count == x.shape.last, "a weight or bias of \(part.shape) for rows of \(x.shape)")
    }
    if x.dtype == .f64 { return normed(x, weight, bias, epsilon, groups, isCentred: true) }
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

  /// Both norms in f64, by their definition.
  private func normed(
    _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Float, _ groups: Int, isCentred: Bool
  ) -> Tensor {
    let weight = weight.map { contiguous(cast($0, to: .f64)) }
    let bias = bias.map { contiguous(cast($0, to: .f64)) }
    return withExtendedLifetime((weight, bias)) {
      let (w, b) = (weight?.pointer(as: Double.self), bias?.pointer(as: Double.self))
      return doubleRows(x, isCentred ? .layerNorm : .rmsNorm) { count, source, target in
        let part = count / groups
        for start in stride(from: 0, to: count, by: max(1, part)) {
          let row = UnsafeBufferPointer(start: source + start, count: part)
          let mean = isCentred ? row.reduce(0, +) / Double(part) : 0
          let power = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(part)
          let scale = 1 / (power + Double(epsilon)).squareRoot()
          for i in start..<start + part { target[i] = (source[i] - mean) * scale * (w?[i] ?? 1) + (b?[i] ?? 0) }
        }
      }
    }
  }

  /// Applies a function of rows along the last axis to f64.
  func doubleRows(
    _ x: Tensor, _ kind: OperatorKind,
    _ body: @escaping (Int, UnsafePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) -> Tensor {
    let source = contiguous(x)
    return withExtendedLifetime(source) {
      let y = empty(x.shape, .f64)
      let width = x.shape.last
      let (from, to) = (source.pointer(as: Double.self), y.pointer(as: Double.self))
      performRanges(width == 0 ? 0 : x.shape.rows, grain: max(1, 8192 / max(1, width)), kind, Self.rowCost(x.shape)) {
        rows in
        for row in rows { body(width, from + row * width, to + row * width) }
      }
      return y
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
