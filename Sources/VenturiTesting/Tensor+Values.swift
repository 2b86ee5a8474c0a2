import NumericTypes
import Tensors

extension Context {
  /// A fresh f32 tensor that holds `values` in row-major order.
  public func tensor(_ values: [Float], _ shape: Shape) -> Tensor {
    precondition(values.count == shape.count, "\(values.count) values for \(shape)")
    let tensor = empty(shape)
    for (index, value) in values.enumerated() { tensor.pointer(as: Float.self)[index] = value }
    return tensor
  }
}

extension Tensor {
  /// The elements of a contiguous f32 tensor.
  public var floats: [Float] {
    precondition(isContiguous)
    return Array(UnsafeBufferPointer(start: pointer(as: Float.self), count: count))
  }
}

extension Random {
  /// `count` numbers spread evenly over ±`amplitude`.
  public mutating func floats(_ count: Int, amplitude: Double = 1) -> [Float] {
    (0..<count).map { _ in Float((uniform() * 2 - 1) * amplitude) }
  }
}
