/// The extents of a tensor, outermost first, as in [B, N, D].
public struct Shape: Sendable, Hashable {
  /// The extents, outermost first.
  public let dimensions: [Int]

  /// A shape from extents known to be valid.
  ///
  /// - Precondition: no extent is below zero. Extents from outside go through ``init(validating:)``.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "a shape's extents are not below zero: \(dimensions)")
    self.dimensions = dimensions
  }

  /// A shape from extents that came from outside.
  ///
  /// - Throws: ``NumericsError/negativeDimension(axis:value:)``, or ``NumericsError/overflow(_:)`` when the number of
  ///   elements does not fit in an `Int`.
  public init(validating dimensions: [Int]) throws(NumericsError) {
    var count = 1
    for (axis, extent) in dimensions.enumerated() {
      if extent < 0 { throw .negativeDimension(axis: axis, value: extent) }
      count = try checkedProduct(count, extent, "the element count of \(dimensions)")
    }
    self.dimensions = dimensions
  }

  /// The number of axes.
  public var rank: Int { dimensions.count }
  /// The number of elements: 1 for a scalar.
  public var count: Int { dimensions.reduce(1, *) }
  /// The extent of the innermost axis: 1 for a scalar.
  public var last: Int { dimensions.last ?? 1 }
  /// The number of innermost rows: the product of all extents but the last.
  public var rows: Int { dimensions.dropLast().reduce(1, *) }
  /// The extent of `axis`; negative axes count from the end.
  public subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + rank : axis] }

  /// The strides, in elements, of a row-major layout.
  public var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }
}

extension Shape: ExpressibleByArrayLiteral {
  /// A shape written as a list of extents.
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  /// The extents in brackets, `[2, 3]`.
  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
