import NumericTypes

extension FormatError {
  /// Proves that a tensor that was found has `shape` (outermost first) and one of `dtypes`.
  ///
  /// - Throws: ``FormatError/wrongShape(field:offset:found:expected:)`` or
  ///   ``FormatError/wrongType(field:offset:found:expected:)``.
  package static func prove(
    _ name: String, _ found: (shape: Shape, dtype: DType, offset: Int), shape: Shape, dtypes: Set<DType>?
  ) throws(FormatError) {
    guard found.shape == shape else {
      throw .wrongShape(
        field: name, offset: found.offset, found: found.shape.dimensions, expected: shape.dimensions)
    }
    guard let dtypes, !dtypes.contains(found.dtype) else { return }
    let expected = dtypes.map(\.displayName).sorted().joined(separator: ", ")
    throw .wrongType(field: name, offset: found.offset, found: found.dtype.displayName, expected: expected)
  }
}
