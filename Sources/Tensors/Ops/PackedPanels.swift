import CVenturi
import Costs
import NumericTypes

/// A dense matrix [K, N] packed ahead for ``Context/matmul(_:_:)-(Tensor,PackedPanels)``: panels [N/16][K][16] of f32,
/// f16 or bf16, the last one filled with zeros.
///
/// A product with packed panels has, bit for bit, one chain of fused multiply-adds over k for any number of rows.
public struct PackedPanels: Sendable {
  /// [ceil(N/16), K, 16].
  public let panels: Tensor
  /// K.
  public let inner: Int
  /// N.
  public let columns: Int
}

extension Context {
  /// Packs B [K, N]; a transposed view of a linear layer's [N, K] packs as well.
  ///
  /// - Precondition: `b` is a matrix of f32, f16 or bf16.
  public func packPanels(_ b: Tensor) -> PackedPanels {
    precondition(b.shape.rank == 2, "only matrices are packed, not \(b.shape)")
    let (k, n) = (b.shape[0], b.shape[1])
    let source = matmulOperand(b)
    return withExtendedLifetime(source) {
      let packed = empty([(n + 15) / 16, k, 16])
      let table = gemmKernels
      let target = packed.pointer(as: Float.self)
      let from = UnsafeRawPointer(source.pointer)
      let isTransposed = source.strides[1] != 1 && n != 1
      let ldb = isTransposed ? source.strides[1] : source.strides[0]
      let dtype = source.dtype
      let cost = OperationCost(
        bytesRead: Double(k * n * dtype.blockBytes), bytesWritten: 4 * Double(packed.count))
      performRanges((n + 15) / 16, grain: max(1, 4096 / max(1, k)), .pack, cost) { panels in
        for panel in panels {
          vtPack(
            table, dtype, isTransposed: isTransposed, columns: min(16, n - panel * 16), k: k,
            from + panel * 16 * (isTransposed ? ldb : 1) * dtype.blockBytes, ldb, target + panel * k * 16)
        }
      }
      return PackedPanels(panels: dtype == .f32 ? packed : cast(packed, to: dtype), inner: k, columns: n)
    }
  }
}

/// Packs one panel of f32 from columns of [K, N] or rows of [N, K].
func vtPack(
  _ table: UnsafePointer<vt_gemm_kernels>, _ dtype: DType, isTransposed: Bool, columns: Int, k: Int,
  _ source: UnsafeRawPointer, _ ldb: Int, _ panel: UnsafeMutablePointer<Float>
) {
  let (count, steps, stride) = (Int32(columns), Int32(k), Int64(ldb))
  switch (dtype, isTransposed) {
  case (.f32, false): table.pointee.pack_f32(count, steps, source.f32, stride, panel)
  case (.f32, true): table.pointee.pack_transposed_f32(count, steps, source.f32, stride, panel)
  case (.f16, false): table.pointee.pack_f16(count, steps, source.bits16, stride, panel)
  case (.f16, true): table.pointee.pack_transposed_f16(count, steps, source.bits16, stride, panel)
  case (_, false): table.pointee.pack_bf16(count, steps, source.bits16, stride, panel)
  case (_, true): table.pointee.pack_transposed_bf16(count, steps, source.bits16, stride, panel)
  }
}
