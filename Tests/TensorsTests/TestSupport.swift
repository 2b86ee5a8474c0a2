import NumericTypes
import Tensors

/// Numbers for tests: the same on every run.
struct Numbers {
  var random = Random(seed: 7)

  mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in Float(random.uniform() * 2 - 1) * scale }
  }

  mutating func tensor(_ shape: Shape, _ context: Context, _ dtype: DType = .f32, scale: Float = 1) -> Tensor {
    context.cast(context.tensor(floats(shape.count, scale: scale), shape), to: dtype)
  }
}

extension Tensor {
  /// The elements in row-major order, widened.
  func doubles(_ context: Context) -> [Double] {
    let plain = context.contiguous(context.cast(self, to: .f64))
    return withExtendedLifetime(plain) {
      Array(UnsafeBufferPointer(start: plain.pointer(as: Double.self), count: count))
    }
  }

  /// The bytes in row-major order.
  func bits(_ context: Context) -> [UInt8] {
    let plain = context.contiguous(self)
    return withExtendedLifetime(plain) {
      Array(UnsafeRawBufferPointer(start: plain.pointer, count: count / dtype.blockLength * dtype.blockBytes))
    }
  }
}

/// Σ (x - y)² / Σ y²; 0 where both are all zeros.
func normalizedError(_ x: [Double], _ y: [Double]) -> Double {
  var error = 0.0
  var power = 0.0
  for (a, b) in zip(x, y) {
    error += (a - b) * (a - b)
    power += b * b
  }
  return x.count != y.count ? .infinity : error == 0 ? 0 : error / power
}
