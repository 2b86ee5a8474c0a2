import CVenturi
import NumericTypes

extension Context {
  /// Rows of a packed matrix, decoded exactly: [count, inFeatures], f32. Which ones is read from `indices` when the
  /// operator runs.
  ///
  /// A panel of 16 rows is decoded for each, which is little beside a product with the whole matrix, and spares a second
  /// copy of an embedding that is the output head too.
  ///
  /// - Precondition: the indices are below the matrix' ``PackedMatrix/outFeatures``; `indices` outlives the plan that is
  ///   being captured.
  public func rows(of matrix: PackedMatrix, at indices: UnsafePointer<Int32>, count: Int) -> Tensor {
    let width = matrix.inFeatures
    let result = empty([count, width])
    let scratch = empty([workers.count, width * Int(VT_PANEL)])
    let (target, panels) = (result.pointer(as: Float.self), scratch.pointer(as: Float.self))
    let (kernels, packed, workers) = (linearKernels, UnsafePointer(matrix.packed), workers)
    let lookUp = WorkerJob { row, worker in
      let (panel, column) = Int(indices[row]).quotientAndRemainder(dividingBy: Int(VT_PANEL))
      let decoded = panels + worker * width * Int(VT_PANEL)
      kernels.pointee.decode_panel(
        packed.pointee.format, packed.pointee.k, packed.pointee.panels + panel * packed.pointee.panel_bytes, decoded)
      for k in 0..<width { target[row * width + k] = decoded[k * Int(VT_PANEL) + column] }
    }
    withExtendedLifetime(scratch) {
      perform(.embedding, cost: matrix.rowsCost(count)) { workers.run(count, lookUp) }
    }
    return result
  }
}
