import CVenturi
import NumericTypes

extension PackedMatrix {
  /// The bytes of matrices packed one after the other, each given by its type and shape, as the allocator hands them out.
  /// What cannot be packed counts nothing.
  package static func packedBytes(of matrices: [(dtype: DType, outFeatures: Int, inFeatures: Int)]) -> Int {
    WeightArena.bytes(
      of: matrices.compactMap { dtype, outFeatures, inFeatures in
        guard let format = dtype.packedFormat else { return nil }
        return vt_panel_bytes(format, Int32(clamping: inFeatures)).multipliedClamped(by: (outFeatures + 15) / 16)
      })
  }

  /// The bytes of `rows` input rows in the form that products with weights of a type read; 0 where that is f32.
  package static func inputBytes(_ dtype: DType, inFeatures: Int, rows: Int, precision: LinearPrecision) -> Int {
    guard let format = dtype.panelFormat, precision != .exact else { return 0 }
    let kind = vt_format_activation(format, precision == .refined ? 1 : 0)
    return kind == VT_ACTIVATION_F32
      ? 0 : rows.multipliedClamped(by: vt_activation_bytes(kind, Int32(clamping: inFeatures)))
  }

  /// The bytes of scratch that a worker takes for products with matrices of a type.
  package static func scratchBytes(_ dtype: DType, inFeatures: Int, precision: LinearPrecision) -> Int {
    guard let format = dtype.panelFormat else { return 0 }
    var packed = vt_packed(
      format: format, k: Int32(clamping: inFeatures), n: Int32(VT_PANEL), panels: nil, panel_bytes: 0)
    return withUnsafePointer(to: &packed) { weights in
      var job = vt_linear_job()
      job.exact = precision == .exact ? 1 : 0
      job.refined = precision == .refined ? 1 : 0
      job.parts = 1
      job.part.0.weights = weights
      return vt_linear_scratch_bytes(&job)
    }
  }
}
