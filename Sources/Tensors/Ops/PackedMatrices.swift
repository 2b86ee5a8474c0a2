import CVenturi
import NumericTypes

/// Packed matrices of one shape and type, of which a product takes another for each group of rows: the experts of a layer,
/// or the heads of a projection.
public final class PackedMatrices: @unchecked Sendable {
  /// The number of matrices.
  public let count: Int
  /// The length of an input row.
  public let inFeatures: Int
  /// The length of an output row.
  public let outFeatures: Int
  /// The element type.
  public let dtype: DType
  /// The bytes of one matrix.
  public let matrixBytes: Int
  /// The C side's views, one after the other.
  let packed: UnsafeMutablePointer<vt_packed>
  /// The first matrix.
  let first: PackedMatrix
  private let keepers: [AnyObject]

  /// Packs a stack of matrices, in parallel.
  ///
  /// - Parameters:
  ///   - stack: a contiguous [count, outFeatures, inFeatures] tensor of a floating-point or block-quantised type.
  ///   - context: what packs, and allocates the packed copy.
  ///   - releasingSource: whether a mapped source's pages are given back as they are packed.
  /// - Throws: ``TensorError/unsupportedType(_:operation:)``, ``TensorError/shape(_:)``, ``TensorError/outOfMemory(bytes:)``.
  public init(packing stack: Tensor, context: Context, releasingSource: Bool = false) throws(TensorError) {
    guard let format = stack.dtype.packedFormat else { throw .unsupportedType(stack.dtype, operation: "packing") }
    guard stack.shape.rank == 3, stack.isContiguous, stack.count > 0,
      stack.shape[2].isMultiple(of: stack.dtype.blockLength)
    else { throw .shape(.unexpectedShape(stack.shape, expected: "a contiguous [count, outFeatures, inFeatures]")) }
    let (count, out, width) = (stack.shape[0], stack.shape[1], stack.shape[2])
    guard let k = Int32(exactly: width), let n = Int32(exactly: out), width <= 1 << 24, count <= 1 << 20 else {
      throw .shape(.unexpectedShape(stack.shape, expected: "extents below 2^24"))
    }
    let panelBytes = vt_panel_bytes(format, k)
    let panels = (out + 15) / 16
    let bytes: Int
    do {
      bytes = try checkedProduct(
        checkedProduct(panels, count, "the panels of \(stack.shape)"), panelBytes, "the packed size of \(stack.shape)")
    } catch { throw .shape(error) }
    let storage = try context.weights.storage(bytes)
    let views = UnsafeMutablePointer<vt_packed>.allocate(capacity: count)
    for index in 0..<count {
      let start = storage.base.assumingMemoryBound(to: UInt8.self) + index * panels * panelBytes
      (views + index).initialize(
        to: vt_packed(format: vt_format_form(format), k: k, n: n, panels: UnsafePointer(start), panel_bytes: panelBytes)
      )
    }
    (self.count, inFeatures, outFeatures, dtype) = (count, width, out, stack.dtype)
    (matrixBytes, packed, keepers) = (panels * panelBytes, views, [storage])
    first = PackedMatrix(viewing: storage, views[0], dtype: stack.dtype)

    let source = UnsafeRawPointer(stack.pointer)
    let target = storage.base
    let rowBytes = width / stack.dtype.blockLength * stack.dtype.blockBytes
    let each = max(1, (1 << 20) / max(1, rowBytes * 16))
    let all = panels * count
    let release = releasingSource && stack.storage.isMapped
    /// The row of the stack where a panel begins.
    func row(_ panel: Int) -> Int { panel / panels * out + panel % panels * 16 }
    context.workers.run((all + each - 1) / each) { item, _ in
      let (first, last) = (item * each, min(all, item * each + each))
      for panel in first..<last {
        vt_pack_panel(
          format, k, source + row(panel) * rowBytes, rowBytes, Int32(min(16, out - panel % panels * 16)),
          target + panel * panelBytes)
      }
      let end = last == all ? count * out : row(last)
      if release { vt_advise_done(source + row(first) * rowBytes, (end - row(first)) * rowBytes) }
    }
  }

  /// Matrices that are packed already.
  ///
  /// - Precondition: there is one at least, and all have the shape and type of the first.
  public init(_ matrices: [PackedMatrix]) {
    precondition(!matrices.isEmpty, "no matrices")
    first = matrices[0]
    for other in matrices {
      precondition(
        other.dtype == first.dtype && other.inFeatures == first.inFeatures && other.outFeatures == first.outFeatures,
        "\(other.outFeatures)×\(other.inFeatures) \(other.dtype) beside \(first.outFeatures)×\(first.inFeatures)")
    }
    keepers = matrices
    count = matrices.count
    inFeatures = first.inFeatures
    outFeatures = first.outFeatures
    dtype = first.dtype
    matrixBytes = first.byteCount
    packed = .allocate(capacity: matrices.count)
    for (index, matrix) in matrices.enumerated() { (packed + index).initialize(to: matrix.packed.pointee) }
  }

  deinit { packed.deallocate() }

  /// The bytes of all packed weights.
  public var byteCount: Int { count * matrixBytes }
}
