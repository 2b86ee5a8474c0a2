/// What can be wrong with a shape, a type or a size.
public enum NumericsError: Error, Sendable, Equatable {
  /// A size computation left the range of `Int`; the text names the quantity.
  case overflow(String)
  /// A row of a block-quantised type that is not a whole number of blocks.
  case partialBlock(dtype: DType, count: Int)
  /// A dimension below zero.
  case negativeDimension(axis: Int, value: Int)
  /// Two shapes that do not broadcast against each other.
  case notBroadcastable(Shape, Shape)
  /// Inner dimensions of a product that differ.
  case innerDimensionMismatch(Shape, Shape)
  /// An axis outside the shape.
  case axisOutOfRange(axis: Int, rank: Int)
  /// A shape that an operator does not take; the text says what it wants.
  case unexpectedShape(Shape, expected: String)
}

extension NumericsError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .overflow(let what): "\(what) does not fit in 64 bits"
    case .partialBlock(let dtype, let count):
      "\(count) elements are no whole number of \(dtype.displayName) blocks of \(dtype.blockLength)"
    case .negativeDimension(let axis, let value): "dimension \(axis) is \(value), below zero"
    case .notBroadcastable(let a, let b): "shapes \(a) and \(b) do not broadcast"
    case .innerDimensionMismatch(let a, let b): "inner dimensions of \(a) and \(b) differ"
    case .axisOutOfRange(let axis, let rank): "axis \(axis) is outside a shape of rank \(rank)"
    case .unexpectedShape(let shape, let expected): "shape \(shape) where \(expected) is expected"
    }
  }
}
