import CVenturi

/// Packed matrices of one shape and type, of which a product takes another for each group of rows: the experts of a layer,
/// or the heads of a projection.
public final class PackedMatrices: @unchecked Sendable {
  /// The number of matrices.
  public let count: Int
  /// The length of an input row.
  public let inFeatures: Int
  /// The length of an output row.
  public let outFeatures: Int
  /// The bytes of one matrix.
  public let matrixBytes: Int
  /// The C side's views, one after the other.
  let packed: UnsafeMutablePointer<vt_packed>
  let matrices: [PackedMatrix]

  /// Matrices of one shape and type.
  ///
  /// - Precondition: there is one at least, and all have the shape and type of the first.
  public init(_ matrices: [PackedMatrix]) {
    precondition(!matrices.isEmpty, "no matrices")
    let first = matrices[0]
    for other in matrices {
      precondition(
        other.dtype == first.dtype && other.inFeatures == first.inFeatures && other.outFeatures == first.outFeatures,
        "\(other.outFeatures)×\(other.inFeatures) \(other.dtype) beside \(first.outFeatures)×\(first.inFeatures)")
    }
    self.matrices = matrices
    count = matrices.count
    inFeatures = first.inFeatures
    outFeatures = first.outFeatures
    matrixBytes = first.byteCount
    packed = .allocate(capacity: matrices.count)
    for (index, matrix) in matrices.enumerated() { (packed + index).initialize(to: matrix.packed.pointee) }
  }

  deinit { packed.deallocate() }

  /// The bytes of all packed weights.
  public var byteCount: Int { count * matrixBytes }
}
