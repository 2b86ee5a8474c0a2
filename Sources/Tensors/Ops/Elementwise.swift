import CVenturi
import Costs
import NumericTypes

// Operators that take elements one by one, with broadcasting. Operands of one operator have one element type, which the
// result has too (Bool for comparisons). f32 is the fast case; f16 and bf16 are computed in f32 and rounded once, f64 in
// f64, integers with wrap-around (division by zero gives 0). Quantised operands are a programmer's error: cast them.

extension Context {
  /// a + b, broadcast.
  public func add(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_ADD, a, b) }
  /// a - b, broadcast.
  public func subtract(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_SUBTRACT, a, b) }
  /// a · b element by element, broadcast.
  public func multiply(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_MULTIPLY, a, b) }
  /// a / b, broadcast.
  public func divide(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_DIVIDE, a, b) }
  /// The smaller of a and b, broadcast; NaN when either is.
  public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_MINIMUM, a, b) }
  /// The larger of a and b, broadcast; NaN when either is.
  public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_MAXIMUM, a, b) }
  /// a to the power b, broadcast.
  public func power(_ a: Tensor, _ b: Tensor) -> Tensor { binary(VT_OP_POWER, a, b) }

  /// a + b for every element of a.
  public func add(_ a: Tensor, _ b: Double) -> Tensor { add(a, full([], b, a.dtype)) }
  /// a - b for every element of a.
  public func subtract(_ a: Tensor, _ b: Double) -> Tensor { subtract(a, full([], b, a.dtype)) }
  /// a · b for every element of a.
  public func multiply(_ a: Tensor, _ b: Double) -> Tensor { multiply(a, full([], b, a.dtype)) }
  /// a / b for every element of a.
  public func divide(_ a: Tensor, _ b: Double) -> Tensor { divide(a, full([], b, a.dtype)) }
  /// a to the power b for every element of a.
  public func power(_ a: Tensor, _ b: Double) -> Tensor { power(a, full([], b, a.dtype)) }

  /// -x.
  public func negate(_ x: Tensor) -> Tensor { unary(VT_OP_NEGATE, x) }
  /// |x|.
  public func absolute(_ x: Tensor) -> Tensor { unary(VT_OP_ABS, x) }
  /// x².
  public func square(_ x: Tensor) -> Tensor { unary(VT_OP_SQUARE, x) }
  /// √x; NaN below 0.
  public func sqrt(_ x: Tensor) -> Tensor { unary(VT_OP_SQRT, x) }
  /// 1 / √x.
  public func rsqrt(_ x: Tensor) -> Tensor { unary(VT_OP_RSQRT, x) }
  /// 1 / x.
  public func reciprocal(_ x: Tensor) -> Tensor { unary(VT_OP_RECIPROCAL, x) }
  /// e^x, within 1 ulp in f32.
  public func exp(_ x: Tensor) -> Tensor { unary(VT_OP_EXP, x) }
  /// The natural logarithm; -inf at 0, NaN below.
  public func log(_ x: Tensor) -> Tensor { unary(VT_OP_LOG, x) }
  /// sin x, x in radians.
  public func sin(_ x: Tensor) -> Tensor { unary(VT_OP_SIN, x) }
  /// cos x, x in radians.
  public func cos(_ x: Tensor) -> Tensor { unary(VT_OP_COS, x) }

  /// What an elementwise operator over `shape` with `operands` inputs computes and moves.
  public static func elementwiseCost(_ shape: Shape, _ dtype: DType, operands: Int = 1) -> OperationCost {
    let bytes = Double(shape.count * dtype.blockBytes)
    return OperationCost(flops: Double(shape.count), bytesRead: Double(operands) * bytes, bytesWritten: bytes)
  }

  /// The elementwise kernels of this context.
  var elementwiseKernels: UnsafePointer<vt_elementwise_kernels> {
    vt_elementwise_kernels_for(kernelSet.isa).unsafelyUnwrapped
  }

  func unary(_ op: vt_unary_op, _ x: Tensor) -> Tensor {
    x.isTracked ? recordedUnary(op, x) : computedUnary(op, x)
  }

  func computedUnary(_ op: vt_unary_op, _ x: Tensor) -> Tensor {
    precondition(
      !x.dtype.isBlockQuantized && (x.dtype.isFloatingPoint || op.takesIntegers),
      "the function does not take \(x.dtype.displayName) \(x.shape)")
    switch x.dtype {
    case .f32, .f16, .bf16: return unary(op, x, in: Float.self)
    case .f64: return unary(op, x, in: Double.self)
    default: return unary(op, x, in: Int64.self)
    }
  }

  private func unary<Lane: LaneNumber>(_ op: vt_unary_op, _ x: Tensor, in: Lane.Type) -> Tensor {
    let y = empty(x.shape, x.dtype)
    let walk = ElementWalk(x.shape, [x.strides])
    let (source, target, dtype, kernels) = (UnsafeRawPointer(x.pointer), y.pointer, x.dtype, elementwiseKernels)
    let size = dtype.blockBytes
    let step = walk.innerStrides[0]
    performSpans(walk, grain: op.grain, .elementwise, Self.elementwiseCost(x.shape, dtype)) {
      position, length, row, column in
      let first = source + (walk.offset(0, row: row) + column * step) * size
      let out = target + position * size
      if step == 1, Lane.isStoredAs(dtype) {
        Lane.apply(
          op, kernels, count: length, first.assumingMemoryBound(to: Lane.self), out.assumingMemoryBound(to: Lane.self))
        return
      }
      withLanes(Lane.self, runs: 1) { lanes, run in
        var done = 0
        while done < length {
          let some = min(run, length - done)
          Lane.load(dtype, first + done * step * size, stride: step, count: some, to: lanes)
          Lane.apply(op, kernels, count: some, lanes, lanes)
          Lane.store(dtype, lanes, count: some, to: out + done * size)
          done += some
        }
      }
    }
    return y
  }

  func binary(_ op: vt_binary_op, _ a: Tensor, _ b: Tensor) -> Tensor {
    a.isTracked || b.isTracked ? recordedBinary(op, a, b) : computedBinary(op, a, b)
  }

  func computedBinary(_ op: vt_binary_op, _ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(
      a.dtype == b.dtype && !a.dtype.isBlockQuantized && (a.dtype.isFloatingPoint || op.takesIntegers),
      "the operator does not take \(a.dtype.displayName) \(a.shape) and \(b.dtype.displayName) \(b.shape)")
    let shape = broadcastShape(a.shape, b.shape)
    let y = empty(shape, a.dtype)
    let target = y.pointer
    let size = a.dtype.blockBytes
    switch a.dtype {
    case .f32, .f16, .bf16:
      pairs(op.grain, shape, a, b, in: Float.self) {
        [kernels = elementwiseKernels, dtype = a.dtype] x, i, y, j, at, n in
        Self.binarySpan(op, kernels, dtype, x, i, y, j, target + at * size, n)
      }
    case .f64:
      pairs(op.grain, shape, a, b, in: Double.self) {
        [kernels = elementwiseKernels, dtype = a.dtype] x, i, y, j, at, n in
        Self.binarySpan(op, kernels, dtype, x, i, y, j, target + at * size, n)
      }
    default:
      pairs(op.grain, shape, a, b, in: Int64.self) {
        [kernels = elementwiseKernels, dtype = a.dtype] x, i, y, j, at, n in
        Self.binarySpan(op, kernels, dtype, x, i, y, j, target + at * size, n)
      }
    }
    return y
  }

  private static func binarySpan<Lane: LaneNumber>(
    _ op: vt_binary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, _ dtype: DType, _ a: UnsafePointer<Lane>,
    _ aStep: Int, _ b: UnsafePointer<Lane>, _ bStep: Int, _ out: UnsafeMutableRawPointer, _ count: Int
  ) {
    if Lane.isStoredAs(dtype) {
      Lane.apply(op, kernels, count: count, a, aStep, b, bStep, out.assumingMemoryBound(to: Lane.self))
    } else {
      withLanes(Lane.self, runs: 1) { lanes, run in
        var done = 0
        while done < count {
          let some = min(run, count - done)
          Lane.apply(op, kernels, count: some, a + done * aStep, aStep, b + done * bStep, bStep, lanes)
          Lane.store(dtype, lanes, count: some, to: out + done * dtype.blockBytes)
          done += some
        }
      }
    }
  }

  /// Walks two operands together and gives `body` runs of lanes with steps 0 or 1: `body(a, aStep, b, bStep, position,
  /// count)`.
  func pairs<Lane: LaneNumber>(
    _ grain: Int, _ shape: Shape, _ a: Tensor, _ b: Tensor, in: Lane.Type, result: DType? = nil,
    _ body: @escaping (UnsafePointer<Lane>, Int, UnsafePointer<Lane>, Int, Int, Int) -> Void
  ) {
    let walk = ElementWalk(shape, [a.broadcast(to: shape).strides, b.broadcast(to: shape).strides])
    let (left, right, dtype) = (UnsafeRawPointer(a.pointer), UnsafeRawPointer(b.pointer), a.dtype)
    let size = dtype.blockBytes
    let (aStep, bStep) = (walk.innerStrides[0], walk.innerStrides[1])
    let direct = Lane.isStoredAs(dtype) && (aStep == 0 || aStep == 1) && (bStep == 0 || bStep == 1)
    var cost = Self.elementwiseCost(shape, dtype, operands: 2)
    if let result { cost.bytesWritten = Double(shape.count * result.blockBytes) }
    performSpans(walk, grain: grain, .elementwise, cost) { position, length, row, column in
      let x = left + (walk.offset(0, row: row) + column * aStep) * size
      let y = right + (walk.offset(1, row: row) + column * bStep) * size
      if direct {
        body(
          x.assumingMemoryBound(to: Lane.self), aStep, y.assumingMemoryBound(to: Lane.self), bStep, position, length)
        return
      }
      withLanes(Lane.self, runs: 2) { lanes, run in
        var done = 0
        while done < length {
          let some = min(run, length - done)
          Lane.load(dtype, x + done * aStep * size, stride: aStep, count: some, to: lanes)
          Lane.load(dtype, y + done * bStep * size, stride: bStep, count: some, to: lanes + run)
          body(lanes, 1, lanes + run, 1, position + done, some)
          done += some
        }
      }
    }
  }

  /// The broadcast shape of two operands; a programmer's error when there is none.
  func broadcastShape(_ a: Shape, _ b: Shape) -> Shape {
    do { return try a.broadcast(with: b) } catch { preconditionFailure("\(error)") }
  }
}

/// Short runs of lanes on the stack: `body(lanes, run)` may use `runs * run` of them.
func withLanes<Lane>(_ type: Lane.Type, runs: Int, _ body: (UnsafeMutablePointer<Lane>, Int) -> Void) {
  let run = 1024 / runs / MemoryLayout<Lane>.stride
  withUnsafeTemporaryAllocation(of: Lane.self, capacity: run * runs) { buffer in
    body(buffer.baseAddress.unsafelyUnwrapped, run)
  }
}
