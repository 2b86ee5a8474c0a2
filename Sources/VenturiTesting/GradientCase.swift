import NumericTypes
import Tensors

/// One instance of a differentiable function: its inputs as numbers, and the function of them.
public struct GradientCase {
  /// The inputs' shapes.
  public var shapes: [Shape]
  /// The inputs' elements, row-major.
  public var values: [[Double]]
  /// The function; what else it needs, indices for instance, it holds.
  public var function: (_ inputs: [Tensor], _ context: Context) -> Tensor

  /// A case with inputs spread evenly over `range`.
  public init(
    _ shapes: [Shape], in range: ClosedRange<Double> = -2...2, _ random: inout Random,
    _ function: @escaping (_ inputs: [Tensor], _ context: Context) -> Tensor
  ) {
    self.shapes = shapes
    values = shapes.map { shape in
      (0..<shape.count).map { _ in range.lowerBound + random.uniform() * (range.upperBound - range.lowerBound) }
    }
    self.function = function
  }

  /// The inputs as tensors.
  func tensors(_ context: Context, _ dtype: DType) -> [Tensor] {
    zip(shapes, values).map { context.cast(context.doubles($1, $0), to: dtype) }
  }
}

extension Context {
  /// A fresh f64 tensor that holds `values` in row-major order.
  public func doubles(_ values: [Double], _ shape: Shape) -> Tensor {
    precondition(values.count == shape.count, "\(values.count) values for \(shape)")
    let tensor = empty(shape, .f64)
    let pointer = tensor.pointer(as: Double.self)
    for (index, value) in values.enumerated() { pointer[index] = value }
    return tensor
  }
}

extension Random {
  /// A shape of a rank in `ranks` whose extents are in `extents`.
  public mutating func shape(_ ranks: ClosedRange<Int> = 0...4, extents: ClosedRange<Int> = 1...4) -> Shape {
    Shape((0..<integer(ranks)).map { _ in integer(extents) })
  }

  /// A whole number in `range`.
  public mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// Two shapes that broadcast: some axes are 1 in one of them, and one may lack leading axes.
  public mutating func broadcastShapes() -> [Shape] {
    // One of ten has no elements.
    let whole = shape(extents: integer(0...9) == 0 ? 0...2 : 1...4).dimensions
    func part(_ isWhole: Bool) -> Shape {
      if isWhole { return Shape(whole) }
      let stretched = whole.map { integer(0...2) == 0 ? 1 : $0 }
      return Shape(Array(stretched.dropFirst(integer(0...whole.count))))
    }
    let first = integer(0...2)
    return [part(first != 0), part(first != 1)]
  }
}
