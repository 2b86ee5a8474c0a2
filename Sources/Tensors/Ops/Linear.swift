import CVenturi
import Numerics

/// Rows of input for products with packed weights; the quantised forms are made once and shared by all products that
/// read the same rows.
public final class LinearInput {
  /// [rows, features], f32, contiguous.
  public let rows: Tensor
  private var i8: (rows: Tensor, residues: Tensor?)?
  private var i16: Tensor?

  /// Input from rows of f32.
  ///
  /// - Precondition: `rows` is a contiguous f32 matrix.
  public init(_ rows: Tensor) {
    precondition(rows.dtype == .f32 && rows.shape.rank == 2 && rows.isContiguous, "linear input \(rows.shape)")
    self.rows = rows
  }

  /// The rows in 16 bits, made on first use.
  func words(_ context: Context) -> Tensor {
    if let i16 { return i16 }
    let made = quantized(VT_ACTIVATION_I16, refined: false, context).rows
    i16 = made
    return made
  }

  /// The rows in 8 bits and, when `refined`, what that leaves of them, made on first use.
  func bytes(refined: Bool, _ context: Context) -> (rows: Tensor, residues: Tensor?) {
    if let i8, i8.residues != nil || !refined { return i8 }
    let made = quantized(VT_ACTIVATION_I8, refined: refined, context)
    i8 = made
    return made
  }

  private func quantized(
    _ kind: vt_activation, refined: Bool, _ context: Context
  ) -> (rows: Tensor, residues: Tensor?) {
    let count = rows.shape[0]
    let k = Int32(rows.shape[1])
    let stride = vt_activation_bytes(kind, k)
    let made = context.empty([count, stride], .i8)
    let residueStride = stride + 4 * Int(k)
    let residues = refined ? context.empty([count, residueStride], .i8) : nil
    var job = vt_quantize_job(
      linear: context.linearKernels, kind: kind, k: k, x: UnsafePointer(rows.pointer(as: Float.self)),
      ldx: Int64(k), activations: made.pointer, stride: stride, residues: residues?.pointer,
      residue_stride: residueStride)
    let workers = context.workers
    let grain = max(1, 8192 / max(1, Int(k)))
    context.perform {
      if count <= grain {
        for row in 0..<count { vt_quantize_run(&job, Int32(row), 0) }
      } else {
        withUnsafeMutablePointer(to: &job) { workers.run(count, job: vt_quantize_run, context: $0) }
      }
    }
    return (made, residues)
  }
}

/// How a product with quantised weights treats its input.
public enum LinearPrecision: Sendable {
  /// Eight bits for each value (sixteen where weights have eight).
  case bytes
  /// Eight bits, and eight more for what they leave: nearly exact, at twice the arithmetic and the same memory traffic.
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
  /// y = silu(x Wᵀ) · (x Vᵀ), where V is the next matrix of the call.
  case siluGate
}

extension Context {
  /// The products of the same input rows with up to four matrices in one fork: y[i] = x W[i]ᵀ, [rows, outFeatures].
  ///
  /// - Precondition: the matrices take the input's width.
  public func linear(_ input: LinearInput, _ matrices: [PackedMatrix], precision: LinearPrecision = .bytes) -> [Tensor]
  {
    let rows = input.rows.shape[0]
    let results = matrices.map { empty([rows, $0.outFeatures]) }
    linear(input, zip(matrices, results).map { ($0, $1, .store) }, precision: precision)
    return results
  }

  /// y += x Wᵀ in place: the residual stream's own storage is updated.
  public func addLinear(_ input: LinearInput, _ matrix: PackedMatrix, to y: Tensor, precision: LinearPrecision = .bytes)
  {
    linear(input, [(matrix, y, .add)], precision: precision)
  }

  /// silu(x Gᵀ) · (x Uᵀ): the gated half of a Llama MLP in one fork, [rows, outFeatures].
  ///
  /// - Precondition: both matrices have the same shape.
  public func gatedLinear(
    _ input: LinearInput, gate: PackedMatrix, up: PackedMatrix, precision: LinearPrecision = .bytes
  ) -> Tensor {
    precondition(gate.outFeatures == up.outFeatures, "gate \(gate.outFeatures) and up \(up.outFeatures) differ")
    let result = empty([input.rows.shape[0], gate.outFeatures])
    linear(input, [(gate, result, .siluGate), (up, result, .store)], precision: precision)
    return result
  }

  private func linear(
    _ input: LinearInput, _ parts: [(PackedMatrix, Tensor, LinearEpilogue)], precision: LinearPrecision
  ) {
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
    job.x = UnsafePointer(input.rows.pointer(as: Float.self))
    job.ldx = Int64(k)
    withUnsafeMutableBytes(of: &job.part) { bytes in
      let slots = bytes.bindMemory(to: vt_linear_part.self)
      for (index, (matrix, y, epilogue)) in parts.enumerated() {
        precondition(matrix.inFeatures == k, "a matrix of \(matrix.inFeatures) inputs takes rows of \(k)")
        precondition(y.shape == [rows, matrix.outFeatures] && y.isContiguous, "result \(y.shape)")
        slots[index] = vt_linear_part(
          weights: UnsafePointer(matrix.packed), y: y.pointer(as: Float.self), ldy: Int64(matrix.outFeatures),
          epilogue: epilogue.cValue)
      }
    }
    if vt_linear_reads(&job, VT_ACTIVATION_I8) != 0 {
      let (rows, residues) = input.bytes(refined: precision == .refined, self)
      job.activations_i8 = UnsafeRawPointer(rows.pointer)
      job.stride_i8 = rows.shape[1]
      if precision == .refined, let residues {
        job.residues_i8 = UnsafeRawPointer(residues.pointer)
        job.stride_residues = residues.shape[1]
      }
    }
    if vt_linear_reads(&job, VT_ACTIVATION_I16) != 0 {
      let rows = input.words(self)
      job.activations_i16 = UnsafeRawPointer(rows.pointer)
      job.stride_i16 = rows.shape[1]
    }
    let items = vt_linear_items(&job, Int32(workers.count))
    job.scratch_bytes = vt_linear_scratch_bytes(&job)
    let scratch = empty([job.scratch_bytes * workers.count], .i8)
    job.scratch = scratch.pointer.assumingMemoryBound(to: CChar.self)
    let workers = workers
    // The operator holds addresses only: scratch and quantised rows must outlive its first run.
    withExtendedLifetime((scratch, input)) {
      perform {
        withUnsafeMutablePointer(to: &job) { workers.run(Int(items), job: vt_linear_run, context: $0) }
      }
    }
  }
}

extension LinearEpilogue {
  var cValue: vt_epilogue {
    switch self {
    case .store: VT_STORE
    case .add: VT_ADD
    case .siluGate: VT_SILU_GATE
    }
  }
}
