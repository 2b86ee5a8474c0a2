import CVenturi
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The numbers an elementwise operator computes in: `Float` for f32, f16 and bf16, `Double` for f64, `Int64` for the
/// integers and Bool. What is stored narrower is widened in short runs.
protocol LaneNumber: Comparable {
  static var zero: Self { get }
  static func load(
    _ dtype: DType, _ source: UnsafeRawPointer, stride: Int, count: Int, to lanes: UnsafeMutablePointer<Self>)
  static func store(_ dtype: DType, _ lanes: UnsafePointer<Self>, count: Int, to target: UnsafeMutableRawPointer)
  static func apply(
    _ op: vt_unary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ x: UnsafePointer<Self>,
    _ y: UnsafeMutablePointer<Self>)
  static func apply(
    _ op: vt_binary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ a: UnsafePointer<Self>,
    _ aStep: Int, _ b: UnsafePointer<Self>, _ bStep: Int, _ y: UnsafeMutablePointer<Self>)
  /// Whether elements of `dtype` are stored as this type.
  static func isStoredAs(_ dtype: DType) -> Bool
}

extension Float: LaneNumber {
  static func isStoredAs(_ dtype: DType) -> Bool { dtype == .f32 }

  static func load(
    _ dtype: DType, _ source: UnsafeRawPointer, stride: Int, count: Int, to lanes: UnsafeMutablePointer<Float>
  ) {
    switch dtype {
    case .f16: for i in 0..<count { lanes[i] = floatFromHalf(bits: source.bits16[i * stride]) }
    case .bf16: for i in 0..<count { lanes[i] = BFloat16(bitPattern: source.bits16[i * stride]).float }
    default: for i in 0..<count { lanes[i] = source.f32[i * stride] }
    }
  }

  static func store(
    _ dtype: DType, _ lanes: UnsafePointer<Float>, count: Int, to target: UnsafeMutableRawPointer
  ) {
    let reference = vt_elementwise_kernels_for(VT_ISA_REFERENCE).unsafelyUnwrapped.pointee
    switch dtype {
    case .f16: reference.f16_from_f32(Int64(count), lanes, target.assumingMemoryBound(to: UInt16.self))
    case .bf16: reference.bf16_from_f32(Int64(count), lanes, target.assumingMemoryBound(to: UInt16.self))
    default: target.assumingMemoryBound(to: Float.self).update(from: lanes, count: count)
    }
  }

  static func apply(
    _ op: vt_unary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) { kernels.pointee.unary_f32(op, Int64(count), x, y) }

  static func apply(
    _ op: vt_binary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ a: UnsafePointer<Float>,
    _ aStep: Int, _ b: UnsafePointer<Float>, _ bStep: Int, _ y: UnsafeMutablePointer<Float>
  ) { kernels.pointee.binary_f32(op, Int64(count), a, Int32(aStep), b, Int32(bStep), y) }
}

extension Double: LaneNumber {
  static func isStoredAs(_ dtype: DType) -> Bool { dtype == .f64 }

  static func load(
    _ dtype: DType, _ source: UnsafeRawPointer, stride: Int, count: Int, to lanes: UnsafeMutablePointer<Double>
  ) {
    let source = source.assumingMemoryBound(to: Double.self)
    for i in 0..<count { lanes[i] = source[i * stride] }
  }

  static func store(
    _ dtype: DType, _ lanes: UnsafePointer<Double>, count: Int, to target: UnsafeMutableRawPointer
  ) { target.assumingMemoryBound(to: Double.self).update(from: lanes, count: count) }

  static func apply(
    _ op: vt_unary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ x: UnsafePointer<Double>,
    _ y: UnsafeMutablePointer<Double>
  ) { for i in 0..<count { y[i] = value(op, x[i]) } }

  /// The function in double precision.
  static func value(_ op: vt_unary_op, _ x: Double) -> Double {
    switch op {
    case VT_OP_NEGATE: -x
    case VT_OP_ABS: abs(x)
    case VT_OP_SQUARE: x * x
    case VT_OP_SQRT: x.squareRoot()
    case VT_OP_RSQRT: 1 / x.squareRoot()
    case VT_OP_RECIPROCAL: 1 / x
    case VT_OP_RELU: x < 0 ? 0 : x
    case VT_OP_EXP: exp(x)
    case VT_OP_LOG: log(x)
    case VT_OP_TANH: tanh(x)
    case VT_OP_SIGMOID: 1 / (1 + exp(-x))
    case VT_OP_SILU: x / (1 + exp(-x))
    case VT_OP_GELU: 0.5 * x * (1 + erf(x * 0.5.squareRoot()))
    case VT_OP_GELU_TANH: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case VT_OP_ERF: erf(x)
    case VT_OP_SIN: sin(x)
    default: cos(x)
    }
  }

  static func apply(
    _ op: vt_binary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ a: UnsafePointer<Double>,
    _ aStep: Int, _ b: UnsafePointer<Double>, _ bStep: Int, _ y: UnsafeMutablePointer<Double>
  ) { for i in 0..<count { y[i] = value(op, a[i * aStep], b[i * bStep]) } }

  /// The function in double precision.
  static func value(_ op: vt_binary_op, _ a: Double, _ b: Double) -> Double {
    switch op {
    case VT_OP_ADD: a + b
    case VT_OP_SUBTRACT: a - b
    case VT_OP_MULTIPLY: a * b
    case VT_OP_DIVIDE: a / b
    case VT_OP_MINIMUM: a.isNaN ? a : a < b ? a : b
    case VT_OP_MAXIMUM: a.isNaN ? a : a > b ? a : b
    case VT_OP_POWER: pow(a, b)
    case VT_OP_GELU_MULTIPLY: value(VT_OP_GELU, a) * b
    case VT_OP_GELU_TANH_MULTIPLY: value(VT_OP_GELU_TANH, a) * b
    default: a / (1 + exp(-a)) * b
    }
  }
}

extension Int64: LaneNumber {
  static func isStoredAs(_ dtype: DType) -> Bool { dtype == .i64 }

  static func load(
    _ dtype: DType, _ source: UnsafeRawPointer, stride: Int, count: Int, to lanes: UnsafeMutablePointer<Int64>
  ) {
    func widen<Narrow: BinaryInteger>(_ type: Narrow.Type) {
      let source = source.assumingMemoryBound(to: type)
      for i in 0..<count { lanes[i] = Int64(source[i * stride]) }
    }
    switch dtype {
    case .i8: widen(Int8.self)
    case .bool: widen(UInt8.self)
    case .i16: widen(Int16.self)
    case .i32: widen(Int32.self)
    default: widen(Int64.self)
    }
  }

  static func store(
    _ dtype: DType, _ lanes: UnsafePointer<Int64>, count: Int, to target: UnsafeMutableRawPointer
  ) {
    func narrow<Narrow: FixedWidthInteger>(_ type: Narrow.Type) {
      let target = target.assumingMemoryBound(to: type)
      for i in 0..<count { target[i] = Narrow(truncatingIfNeeded: lanes[i]) }
    }
    switch dtype {
    case .i8: narrow(Int8.self)
    case .bool: for i in 0..<count { target.storeBytes(of: lanes[i] == 0 ? 0 : 1, toByteOffset: i, as: UInt8.self) }
    case .i16: narrow(Int16.self)
    case .i32: narrow(Int32.self)
    default: narrow(Int64.self)
    }
  }

  static func apply(
    _ op: vt_unary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ x: UnsafePointer<Int64>,
    _ y: UnsafeMutablePointer<Int64>
  ) {
    for i in 0..<count {
      let x = x[i]
      switch op {
      case VT_OP_NEGATE: y[i] = 0 &- x
      case VT_OP_ABS: y[i] = x < 0 ? 0 &- x : x
      case VT_OP_SQUARE: y[i] = x &* x
      default: y[i] = x < 0 ? 0 : x
      }
    }
  }

  static func apply(
    _ op: vt_binary_op, _ kernels: UnsafePointer<vt_elementwise_kernels>, count: Int, _ a: UnsafePointer<Int64>,
    _ aStep: Int, _ b: UnsafePointer<Int64>, _ bStep: Int, _ y: UnsafeMutablePointer<Int64>
  ) {
    for i in 0..<count {
      let (a, b) = (a[i * aStep], b[i * bStep])
      switch op {
      case VT_OP_ADD: y[i] = a &+ b
      case VT_OP_SUBTRACT: y[i] = a &- b
      case VT_OP_MULTIPLY: y[i] = a &* b
      case VT_OP_DIVIDE: y[i] = b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
      case VT_OP_MINIMUM: y[i] = Swift.min(a, b)
      default: y[i] = Swift.max(a, b)
      }
    }
  }
}

extension vt_unary_op {
  /// Whether integers have the function.
  var takesIntegers: Bool {
    self == VT_OP_NEGATE || self == VT_OP_ABS || self == VT_OP_SQUARE || self == VT_OP_RELU
  }
  /// Elements a thread should have at least: some microseconds of work.
  var grain: Int { rawValue <= VT_OP_RELU.rawValue ? 32768 : 8192 }
}

extension vt_binary_op {
  /// Whether integers have the function.
  var takesIntegers: Bool { rawValue < VT_OP_POWER.rawValue }
  /// Elements a thread should have at least: some microseconds of work.
  var grain: Int { takesIntegers ? 32768 : 8192 }
}
