// The shape rules of the operators. They throw, so that an importer can check a whole graph before it runs it; the eager
// operators call the same rules and trap, since there a wrong shape is a programmer's error.

extension Shape {
  /// The shape two operands broadcast to: trailing axes are aligned and an extent of 1 stretches.
  ///
  /// - Throws: ``NumericsError/notBroadcastable(_:_:)``.
  public func broadcast(with other: Shape) throws(NumericsError) -> Shape {
    let rank = max(self.rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = axis < rank - self.rank ? 1 : dimensions[axis - (rank - self.rank)]
      let b = axis < rank - other.rank ? 1 : other.dimensions[axis - (rank - other.rank)]
      guard a == b || a == 1 || b == 1 else { throw .notBroadcastable(self, other) }
      result[axis] = a == 1 ? b : a
    }
    return try Shape(validating: result)
  }

  /// The shape of a matrix product [.., M, K] · [.., K, N], leading axes broadcast.
  ///
  /// - Throws: ``NumericsError/innerDimensionMismatch(_:_:)``, ``NumericsError/notBroadcastable(_:_:)`` or
  ///   ``NumericsError/unexpectedShape(_:expected:)`` for operands below rank 2.
  public func matmul(with other: Shape) throws(NumericsError) -> Shape {
    guard rank >= 2 else { throw .unexpectedShape(self, expected: "[.., M, K]") }
    guard other.rank >= 2 else { throw .unexpectedShape(other, expected: "[.., K, N]") }
    guard self[-1] == other[-2] else { throw .innerDimensionMismatch(self, other) }
    if rank == 2 && other.rank == 2 { return try Shape(validating: [self[0], other[1]]) }
    let leading = try Shape(Array(dimensions.dropLast(2))).broadcast(with: Shape(Array(other.dimensions.dropLast(2))))
    return try Shape(validating: leading.dimensions + [self[-2], other[-1]])
  }

  /// The shape left by a reduction over `axis`; negative axes count from the end.
  ///
  /// - Throws: ``NumericsError/axisOutOfRange(axis:rank:)``.
  public func reduced(axis: Int, keepingAxis: Bool) throws(NumericsError) -> Shape {
    let resolved = axis < 0 ? axis + rank : axis
    guard resolved >= 0, resolved < rank else { throw .axisOutOfRange(axis: axis, rank: rank) }
    var result = dimensions
    if keepingAxis { result[resolved] = 1 } else { result.remove(at: resolved) }
    return Shape(result)
  }
}
