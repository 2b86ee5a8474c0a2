import CVenturi
import Costs
import NumericTypes

extension Context {
  /// e^(x - max) / Σ e^(x - max) along the last axis.
  ///
  /// -inf gives 0. A row that holds NaN or inf, or nothing but -inf, gives NaN everywhere. Terms below e^-87 of the
  /// largest count as 0.
  public func softmax(_ x: Tensor) -> Tensor {
    guard x.isTracked else { return softmaxed(x) }
    return differentiable([x], keepingOutput: true) {
      softmaxed(x)
    } backward: { call in
      let context = call.context
      if call.isRecorded {
        let weighted = context.multiply(call.gradient, call.output)
        let total = context.sum(weighted, axis: -1, keepingAxis: true)
        return [context.subtract(weighted, context.multiply(call.output, total))]
      }
      return [context.softmaxGradient(call.output, call.gradient, isLogarithm: false)]
    }
  }

  /// The logarithm of ``softmax(_:)``: x - max - log Σ e^(x - max) along the last axis.
  public func logSoftmax(_ x: Tensor) -> Tensor {
    guard x.isTracked else { return logSoftmaxed(x) }
    return differentiable([x], keepingOutput: true) {
      logSoftmaxed(x)
    } backward: { call in
      let context = call.context
      if call.isRecorded {
        let total = context.sum(call.gradient, axis: -1, keepingAxis: true)
        return [context.subtract(call.gradient, context.multiply(context.exp(call.output), total))]
      }
      return [context.softmaxGradient(call.output, call.gradient, isLogarithm: true)]
    }
  }

  private func softmaxed(_ x: Tensor) -> Tensor {
    if x.dtype == .f64 {
      return doubleRows(x, .softmax) { count, source, target in
        let largest = UnsafeBufferPointer(start: source, count: count).max() ?? 0
        var total = 0.0
        for i in 0..<count {
          target[i] = Double.value(VT_OP_EXP, source[i] - largest)
          total += target[i]
        }
        for i in 0..<count { target[i] /= total }
      }
    }
    return rows(x, .softmax) { kernels, count, source, target in
      kernels.pointee.softmax_f32(Int64(count), source, target)
    }
  }

  private func logSoftmaxed(_ x: Tensor) -> Tensor {
    if x.dtype == .f64 {
      return doubleRows(x, .softmax) { count, source, target in
        let row = UnsafeBufferPointer(start: source, count: count)
        let largest = row.max() ?? 0
        let total = Double.value(VT_OP_LOG, row.reduce(0) { $0 + Double.value(VT_OP_EXP, $1 - largest) })
        for i in 0..<count { target[i] = source[i] - largest - total }
      }
    }
    return rows(x, .softmax) { kernels, count, source, target in
      kernels.pointee.log_softmax_f32(Int64(count), source, target)
    }
  }

  /// y (g - Σ g y), or g - e^y Σ g for the logarithm, in one pass over the rows.
  private func softmaxGradient(_ y: Tensor, _ gradient: Tensor, isLogarithm: Bool) -> Tensor {
    func run<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(_: Lane.Type, _ lane: DType) -> Tensor {
      let output = contiguous(cast(y, to: lane))
      let gradient = contiguous(cast(gradient, to: lane))
      let result = empty(y.shape, lane)
      withExtendedLifetime((output, gradient)) {
        let (from, g, to) = (
          output.pointer(as: Lane.self), gradient.pointer(as: Lane.self), result.pointer(as: Lane.self)
        )
        let (width, kernels) = (y.shape.last, elementwiseKernels)
        let rows = width == 0 ? 0 : y.shape.rows
        performRanges(rows, grain: max(1, 8192 / max(1, width)), .softmax, Self.rowCost(y.shape)) { range in
          for row in range {
            let (y, g, out) = (from + row * width, g + row * width, to + row * width)
            if isLogarithm {
              let total = laneSum(width) { g[$0] }
              Lane.apply(VT_OP_EXP, kernels, count: width, y, out)
              for i in 0..<width { out[i] = g[i] - out[i] * total }
            } else {
              let total = laneSum(width) { g[$0] * y[$0] }
              for i in 0..<width { out[i] = y[i] * (g[i] - total) }
            }
          }
        }
      }
      return cast(result, to: y.dtype)
    }
    return y.dtype == .f64 ? run(Double.self, .f64) : run(Float.self, .f32)
  }
}
