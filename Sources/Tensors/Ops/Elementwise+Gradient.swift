import CVenturi
import NumericTypes

// The gradients of the elementwise operators. A gradient that is recorded in turn is composed of operators; one that is not
// runs over the elements once where the composition would run many times.

extension Context {
  func recordedUnary(_ op: vt_unary_op, _ x: Tensor) -> Tensor {
    let usesOutput = op.derivativeIsOfOutput
    // What the way back does not need is not held.
    let kept = usesOutput || op == VT_OP_NEGATE ? nil : x
    return differentiable([x], keepingOutput: usesOutput) {
      computedUnary(op, x)
    } backward: { call in
      if op == VT_OP_NEGATE { return [call.context.negate(call.gradient)] }
      let point = kept ?? call.output
      return [
        call.isRecorded
          ? call.context.multiply(call.gradient, call.context.derivative(op, point))
          : call.context.chained(op, point, call.gradient)
      ]
    }
  }

  func recordedBinary(_ op: vt_binary_op, _ a: Tensor, _ b: Tensor) -> Tensor {
    let (first, second) = (a.shape, b.shape)
    func record(_ backward: @escaping (BackwardCall, Tensor, Tensor) -> [Tensor?]) -> Tensor {
      // An operand is held where the other one's gradient needs it, or its own.
      let isLinear = op == VT_OP_MULTIPLY
      let (keptA, keptB) = (isLinear && !b.isTracked ? nil : a, isLinear && !a.isTracked ? nil : b)
      return differentiable([a, b]) {
        computedBinary(op, a, b)
      } backward: { call in
        // Where one is missing nobody asks for what it is needed for.
        let anything = keptA ?? keptB ?? call.gradient
        return backward(call, keptA ?? anything, keptB ?? anything).enumerated().map { index, gradient in
          gradient.map { call.context.sum($0, to: index == 0 ? first : second) }
        }
      }
    }
    func plain(_ backward: @escaping (BackwardCall) -> [Tensor?]) -> Tensor {
      differentiable([a, b]) {
        computedBinary(op, a, b)
      } backward: { call in
        backward(call).enumerated().map { index, gradient in
          gradient.map { call.context.sum($0, to: index == 0 ? first : second) }
        }
      }
    }
    func gated(_ function: vt_unary_op) -> Tensor {
      record { call, a, b in
        let (context, g) = (call.context, call.gradient)
        let first = call.wants(0) ? context.multiply(g, b) : nil
        return [
          first.map {
            call.isRecorded
              ? context.multiply($0, context.derivative(function, a))
              : context.chained(function, a.broadcast(to: $0.shape), $0)
          }, call.wants(1) ? context.multiply(g, context.unary(function, a)) : nil,
        ]
      }
    }
    switch op {
    case VT_OP_ADD: return plain { [$0.wants(0) ? $0.gradient : nil, $0.wants(1) ? $0.gradient : nil] }
    case VT_OP_SUBTRACT:
      return plain { call in
        [call.wants(0) ? call.gradient : nil, call.wants(1) ? call.context.negate(call.gradient) : nil]
      }
    case VT_OP_MULTIPLY:
      return record { call, a, b in
        [
          call.wants(0) ? call.context.multiply(call.gradient, b) : nil,
          call.wants(1) ? call.context.multiply(call.gradient, a) : nil,
        ]
      }
    case VT_OP_DIVIDE:
      return record { call, a, b in
        let context = call.context
        let quotient = context.divide(call.gradient, b)
        return [
          call.wants(0) ? quotient : nil,
          call.wants(1) ? context.negate(context.multiply(quotient, context.divide(a, b))) : nil,
        ]
      }
    case VT_OP_MINIMUM: return record { call, a, b in call.context.shares(call, a, .less, b) }
    case VT_OP_MAXIMUM: return record { call, a, b in call.context.shares(call, a, .greater, b) }
    case VT_OP_POWER:
      return record { call, a, b in
        let (context, g) = (call.context, call.gradient)
        var found: [Tensor?] = [nil, nil]
        if call.wants(0) {
          // A power of 0 is 1 everywhere, at 0 too.
          let slope = context.multiply(b, context.power(a, context.subtract(b, 1)))
          let isConstant = context.compare(b, .equal, context.zeros([], b.dtype))
          found[0] = context.multiply(g, context.select(isConstant, context.zeros([], b.dtype), slope))
        }
        if call.wants(1) {
          // 0 to a power stays 0 nearby.
          let isZero = context.compare(a, .equal, context.zeros([], a.dtype))
          let logarithm = context.log(context.select(isZero, context.full([], 1, a.dtype), a))
          found[1] = context.multiply(g, context.multiply(context.power(a, b), logarithm))
        }
        return found
      }
    case VT_OP_GELU_MULTIPLY: return gated(VT_OP_GELU)
    case VT_OP_GELU_TANH_MULTIPLY: return gated(VT_OP_GELU_TANH)
    default: return gated(VT_OP_SILU)
    }
  }

  /// The gradient of the smaller or larger of two: half to each where they are equal.
  private func shares(_ call: BackwardCall, _ a: Tensor, _ relation: Comparison, _ b: Tensor) -> [Tensor?] {
    let (g, zero) = (call.gradient, zeros([], call.gradient.dtype))
    let half = select(compare(a, .equal, b), multiply(g, 0.5), zero)
    return [
      call.wants(0) ? select(compare(a, relation, b), g, half) : nil,
      call.wants(1) ? select(compare(b, relation, a), g, half) : nil,
    ]
  }

  /// The derivative at x, or for functions whose output gives it at that, composed of operators.
  private func derivative(_ op: vt_unary_op, _ x: Tensor) -> Tensor {
    func constant(_ value: Double) -> Tensor { full([], value, x.dtype) }
    func isAbove0() -> Tensor { compare(x, .greater, constant(0)) }
    func oneMinus(_ y: Tensor) -> Tensor { subtract(constant(1), y) }
    switch op {
    case VT_OP_ABS:
      return select(isAbove0(), constant(1), select(compare(x, .less, constant(0)), constant(-1), constant(0)))
    case VT_OP_SQUARE: return multiply(x, 2)
    case VT_OP_SQRT: return divide(constant(0.5), x)
    case VT_OP_RSQRT: return multiply(multiply(x, square(x)), -0.5)
    case VT_OP_RECIPROCAL: return negate(square(x))
    case VT_OP_RELU: return select(isAbove0(), constant(1), constant(0))
    case VT_OP_EXP: return x
    case VT_OP_LOG: return reciprocal(x)
    case VT_OP_TANH: return oneMinus(square(x))
    case VT_OP_ERF: return multiply(exp(negate(square(x))), 2 / Double.pi.squareRoot())
    case VT_OP_SIN: return cos(x)
    case VT_OP_COS: return negate(sin(x))
    case VT_OP_SIGMOID: return multiply(x, oneMinus(x))
    case VT_OP_SILU:
      let s = sigmoid(x)
      return multiply(s, add(multiply(x, oneMinus(s)), 1))
    case VT_OP_GELU:
      let cumulative = multiply(add(erf(multiply(x, 0.5.squareRoot())), 1), 0.5)
      let density = multiply(exp(multiply(square(x), -0.5)), 1 / (2 * Double.pi).squareRoot())
      return add(cumulative, multiply(x, density))
    case VT_OP_GELU_TANH:
      let c = (2 / Double.pi).squareRoot()
      let t = tanh(multiply(add(x, multiply(multiply(x, square(x)), 0.044715)), c))
      let inner = multiply(add(multiply(square(x), 3 * 0.044715), 1), c)
      return multiply(add(add(t, 1), multiply(multiply(x, oneMinus(square(t))), inner)), 0.5)
    default: preconditionFailure("an elementwise function without a gradient: \(op)")
    }
  }

  /// gradient · derivative in one pass over the elements; `x` as ``derivative(_:_:)`` takes it.
  private func chained(_ op: vt_unary_op, _ x: Tensor, _ gradient: Tensor) -> Tensor {
    x.dtype == .f64 ? chained(op, x, gradient, in: Double.self) : chained(op, x, gradient, in: Float.self)
  }

  private func chained<Lane: LaneNumber & BinaryFloatingPoint>(
    _ op: vt_unary_op, _ x: Tensor, _ gradient: Tensor, in: Lane.Type
  ) -> Tensor {
    let y = empty(x.shape, x.dtype)
    let (target, dtype, kernels) = (y.pointer, x.dtype, elementwiseKernels)
    pairs(op.grain, x.shape, x, gradient, in: Lane.self) { x, xStep, g, gStep, position, count in
      withLanes(Lane.self, runs: 4) { lanes, run in
        var done = 0
        while done < count {
          let some = min(run, count - done)
          let at = position + done
          let (values, results) = (lanes, lanes + run)
          for i in 0..<some { values[i] = x[(done + i) * xStep] }
          Self.derivatives(op, kernels, some, values, lanes + 2 * run, lanes + 3 * run, results)
          for i in 0..<some { results[i] *= g[(done + i) * gStep] }
          Lane.store(dtype, results, count: some, to: target + at * dtype.blockBytes)
          done += some
        }
      }
    }
    return y
  }

  private static func derivatives<Lane: LaneNumber & BinaryFloatingPoint>(
    _ op: vt_unary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, _ count: Int, _ x: UnsafePointer<Lane>,
    _ s: UnsafeMutablePointer<Lane>, _ t: UnsafeMutablePointer<Lane>, _ out: UnsafeMutablePointer<Lane>
  ) {
    func apply(_ op: vt_unary_op, _ x: UnsafePointer<Lane>, _ y: UnsafeMutablePointer<Lane>) {
      Lane.apply(op, kernels, count: count, x, y)
    }
    switch op {
    case VT_OP_ABS: for i in 0..<count { out[i] = x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0 }
    case VT_OP_SQUARE: for i in 0..<count { out[i] = 2 * x[i] }
    case VT_OP_SQRT: for i in 0..<count { out[i] = 0.5 / x[i] }
    case VT_OP_RSQRT: for i in 0..<count { out[i] = -0.5 * x[i] * x[i] * x[i] }
    case VT_OP_RECIPROCAL: for i in 0..<count { out[i] = -x[i] * x[i] }
    case VT_OP_RELU: for i in 0..<count { out[i] = x[i] > 0 ? 1 : 0 }
    case VT_OP_EXP: for i in 0..<count { out[i] = x[i] }
    case VT_OP_LOG: for i in 0..<count { out[i] = 1 / x[i] }
    case VT_OP_TANH: for i in 0..<count { out[i] = 1 - x[i] * x[i] }
    case VT_OP_SIGMOID: for i in 0..<count { out[i] = x[i] * (1 - x[i]) }
    case VT_OP_SIN: apply(VT_OP_COS, x, out)
    case VT_OP_COS:
      apply(VT_OP_SIN, x, s)
      for i in 0..<count { out[i] = -s[i] }
    case VT_OP_ERF:
      for i in 0..<count { s[i] = -x[i] * x[i] }
      apply(VT_OP_EXP, s, t)
      for i in 0..<count { out[i] = Lane(2 / Double.pi.squareRoot()) * t[i] }
    case VT_OP_SILU:
      apply(VT_OP_SIGMOID, x, s)
      for i in 0..<count { out[i] = s[i] * (1 + x[i] * (1 - s[i])) }
    case VT_OP_GELU:
      for i in 0..<count { s[i] = x[i] * Lane(0.5.squareRoot()) }
      apply(VT_OP_ERF, s, t)
      for i in 0..<count { s[i] = -s[i] * s[i] }
      apply(VT_OP_EXP, s, out)
      let scale = Lane(1 / (2 * Double.pi).squareRoot())
      for i in 0..<count { out[i] = 0.5 * (1 + t[i]) + x[i] * out[i] * scale }
    case VT_OP_GELU_TANH:
      let (c, cubic) = (Lane((2 / Double.pi).squareRoot()), Lane(0.044715))
      for i in 0..<count { s[i] = c * (x[i] + cubic * x[i] * x[i] * x[i]) }
      apply(VT_OP_TANH, s, t)
      for i in 0..<count {
        out[i] = 0.5 * (1 + t[i] + x[i] * (1 - t[i] * t[i]) * c * (1 + 3 * cubic * x[i] * x[i]))
      }
    default: preconditionFailure("an elementwise function without a gradient: \(op)")
    }
  }
}

extension vt_unary_op {
  /// Whether the derivative is had from the function's value.
  fileprivate var derivativeIsOfOutput: Bool {
    switch self {
    case VT_OP_SQRT, VT_OP_RSQRT, VT_OP_RECIPROCAL, VT_OP_RELU, VT_OP_EXP, VT_OP_TANH, VT_OP_SIGMOID: true
    default: false
    }
  }
}
