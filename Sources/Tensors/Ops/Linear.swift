import CVenturi
import NumericTypes

/// Rows of input for products with packed weights; the quantised forms are made once and shared by all products that
/// read the same rows.
public final class LinearInput {
  /// [rows, features], f32, contiguous.
  public let rows: Tensor
  private var tiles: [vt_activation.RawValue: Tensor] = [:]

  /// Input from rows of f32.
  ///
  /// - Precondition: `rows` is a contiguous f32 matrix, not tracked.
  public init(_ rows: Tensor) {
    precondition(
      !rows.isTracked, "products with packed matrices have no gradient; that of their input \(rows.shape) is recorded")
    precondition(rows.dtype == .f32 && rows.shape.rank == 2 && rows.isContiguous, "linear input \(rows.shape)")
    self.rows = rows
  }

  /// The rows in tiles of a quantised form, made on first use.
  func tiles(_ kind: vt_activation, _ context: Context) -> Tensor {
    if let made = tiles[kind.rawValue] { return made }
    let count = rows.shape[0]
    let k = Int32(rows.shape[1])
    let made = context.empty([count, vt_activation_bytes(kind, k)], .i8)
    var job = vt_quantize_job(
      linear: context.linearKernels, kind: kind, k: k, rows: Int32(count),
      x: UnsafePointer(rows.pointer(as: Float.self)), ldx: Int64(k), activations: made.pointer)
    let workers = context.workers
    let step = context.linearKernels.pointee.tileRows(kind)
    let items = (count + step - 1) / step
    let isSmall = count * Int(k) <= 8192
    let values = Double(count) * Double(k)
    // The largest magnitude, a product and a rounding for each value.
    let cost = OperatorCost(
      flops: 3 * values, bytesRead: 4 * values, bytesWritten: Double(count * vt_activation_bytes(kind, k)))
    context.perform(.quantize, cost: cost) {
      if isSmall {
        for item in 0..<items { vt_quantize_run(&job, Int32(item), 0) }
      } else {
        withUnsafeMutablePointer(to: &job) { workers.run(items, job: vt_quantize_run, context: $0) }
      }
    }
    tiles[kind.rawValue] = made
    return made
  }
}

extension vt_linear_kernels {
  /// The rows of a full tile of a kind.
  func tileRows(_ kind: vt_activation) -> Int {
    switch kind {
    case VT_ACTIVATION_I8: Int(tile_rows.0)
    case VT_ACTIVATION_I8X2: Int(tile_rows.1)
    default: Int(tile_rows.2)
    }
  }
}

/// How a product with quantised weights treats its input.
public enum LinearPrecision: Sendable {
  /// Eight bits for each value.
  case bytes
  /// Sixteen bits for each value: nearly exact, at twice the arithmetic and the same memory traffic.
  case refined
  /// Weights are decoded and everything is computed in f32.
  case exact
}

/// What happens to a product's result.
public enum LinearEpilogue: Sendable {
  /// y = x Wᵀ.
  case store
  /// y += x Wᵀ; for residual connections.
  case add
  /// y = f(x Wᵀ) · (x Vᵀ), where V is the next matrix of the call.
  case gate
}

/// What a product, or the first of a gate's two products, goes through.
public enum GateFunction: Sendable, Hashable {
  /// x / (1 + e^-x).
  case silu
  /// x Φ(x).
  case gelu
  /// Its approximation by tanh.
  case geluTanh
}

extension Context {
  /// The products of the same input rows with up to four matrices in one fork: y[i] = x W[i]ᵀ + b[i], [rows, outFeatures].
  ///
  /// - Precondition: the matrices take the input's width; a bias has the length of its matrix' output and is f32.
  public func linear(
    _ input: LinearInput, _ matrices: [PackedMatrix], biases: [Tensor?]? = nil, precision: LinearPrecision = .bytes
  ) -> [Tensor] {
    let rows = input.rows.shape[0]
    let results = matrices.map { empty([rows, $0.outFeatures]) }
    let parts = matrices.indices.map { LinearPart(matrices[$0], results[$0], .store, bias: biases?[$0]) }
    linear(input, parts, precision: precision)
    return results
  }

  /// y += x Wᵀ (+ b) in place: the residual stream's own storage is updated.
  public func addLinear(
    _ input: LinearInput, _ matrix: PackedMatrix, bias: Tensor? = nil, to y: Tensor,
    precision: LinearPrecision = .bytes
  ) {
    linear(input, [LinearPart(matrix, y, .add, bias: bias)], precision: precision)
  }

  /// f(x Wᵀ (+ b)), [rows, outFeatures]: the function is part of the product.
  public func activatedLinear(
    _ input: LinearInput, _ matrix: PackedMatrix, bias: Tensor? = nil, function: GateFunction,
    precision: LinearPrecision = .bytes
  ) -> Tensor {
    let result = empty([input.rows.shape[0], matrix.outFeatures])
    linear(input, [LinearPart(matrix, result, .store, bias: bias, function: function)], precision: precision)
    return result
  }

  /// f(x Gᵀ) · (x Uᵀ), with biases inside where there are any: the gated half of an MLP in one fork, [rows, outFeatures].
  ///
  /// - Precondition: both matrices have the same shape.
  public func gatedLinear(
    _ input: LinearInput, gate: PackedMatrix, up: PackedMatrix, function: GateFunction = .silu,
    gateBias: Tensor? = nil, upBias: Tensor? = nil, precision: LinearPrecision = .bytes
  ) -> Tensor {
    precondition(gate.outFeatures == up.outFeatures, "gate \(gate.outFeatures) and up \(up.outFeatures) differ")
    let result = empty([input.rows.shape[0], gate.outFeatures])
    let parts = [
      LinearPart(gate, result, .gate, bias: gateBias, function: function),
      LinearPart(up, result, .store, bias: upBias),
    ]
    linear(input, parts, precision: precision)
    return result
  }

  /// One matrix of a call, and what becomes of its product.
  struct LinearPart {
    var matrix: PackedMatrix
    var y: Tensor
    var epilogue: LinearEpilogue
    var bias: Tensor?
    var function: GateFunction?

    init(
      _ matrix: PackedMatrix, _ y: Tensor, _ epilogue: LinearEpilogue, bias: Tensor?, function: GateFunction? = nil
    ) {
      precondition(
        bias.map { $0.dtype == .f32 && $0.isContiguous && $0.count == matrix.outFeatures } ?? true,
        "a bias of \(bias?.shape ?? []) for \(matrix.outFeatures) outputs")
      self.matrix = matrix
      self.y = y
      self.epilogue = epilogue
      self.bias = bias
      self.function = function
    }
  }

  private func linear(_ input: LinearInput, _ parts: [LinearPart], precision: LinearPrecision) {
    precondition(!parts.isEmpty && parts.count <= Int(VT_LINEAR_PARTS), "\(parts.count) matrices in one call")
    let rows = input.rows.shape[0]
    let k = input.rows.shape[1]
    if rows == 0 { return }
    var job = vt_linear_job()
    job.linear = linearKernels
    job.gemm = gemmKernels
    job.rows = Int32(rows)
    job.parts = Int32(parts.count)
    job.exact = precision == .exact ? 1 : 0
    job.refined = precision == .refined ? 1 : 0
    job.x = UnsafePointer(input.rows.pointer(as: Float.self))
    job.ldx = Int64(k)
    withUnsafeMutableBytes(of: &job.part) { bytes in
      let slots = bytes.bindMemory(to: vt_linear_part.self)
      for (index, part) in parts.enumerated() {
        let (matrix, y) = (part.matrix, part.y)
        precondition(matrix.inFeatures == k, "a matrix of \(matrix.inFeatures) inputs takes rows of \(k)")
        precondition(y.shape == [rows, matrix.outFeatures] && y.isContiguous, "result \(y.shape)")
        slots[index] = vt_linear_part(
          weights: UnsafePointer(matrix.packed), y: y.pointer(as: Float.self), ldy: Int64(matrix.outFeatures),
          epilogue: part.epilogue.cValue, function: part.function.cValue,
          bias: (part.bias?.pointer(as: Float.self)).map { UnsafePointer($0) })
      }
    }
    for kind in [VT_ACTIVATION_I8, VT_ACTIVATION_I8X2, VT_ACTIVATION_I16] where vt_linear_reads(&job, kind) != 0 {
      let tiles = UnsafeRawPointer(input.tiles(kind, self).pointer)
      switch kind {
      case VT_ACTIVATION_I8: job.activations.0 = tiles
      case VT_ACTIVATION_I8X2: job.activations.1 = tiles
      default: job.activations.2 = tiles
      }
    }
    let items = vt_linear_items(&job, Int32(workers.count))
    job.scratch_bytes = vt_linear_scratch_bytes(&job)
    let scratch = empty([job.scratch_bytes * workers.count], .i8)
    job.scratch = scratch.pointer.assumingMemoryBound(to: CChar.self)
    let workers = workers
    let products = parts.map { (matrix: $0.matrix, epilogue: $0.epilogue) }
    // The operator holds addresses only: scratch and quantised rows must outlive its first run, biases live as weights do.
    withExtendedLifetime((scratch, input, parts)) {
      perform(
        .linear, arithmetic: Self.linearArithmetic(parts.map(\.matrix), precision),
        cost: Self.linearCost(products, rows: rows, precision)
      ) {
        withUnsafeMutablePointer(to: &job) { workers.run(Int(items), job: vt_linear_run, context: $0) }
      }
    }
    if let linearObserver { for part in parts { linearObserver.observe(input.rows, of: part.matrix) } }
  }
}

extension LinearEpilogue {
  var cValue: vt_epilogue {
    switch self {
    case .store: VT_STORE
    case .add: VT_ADD
    case .gate: VT_GATE
    }
  }
}

extension GateFunction? {
  var cValue: vt_function {
    switch self {
    case nil: VT_IDENTITY
    case .silu: VT_SILU
    case .gelu: VT_GELU
    case .geluTanh: VT_GELU_TANH
    }
  }
}
