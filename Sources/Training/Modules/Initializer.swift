import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a parameter begins with.
///
/// The fans are the inputs that one output sums over, and the outputs that one input goes to, as PyTorch counts them: for
/// [out, in, kernel…] in · kernel and out · kernel.
public enum Initializer: Sendable, Hashable {
  /// One value.
  case constant(Double)
  /// Normally distributed around 0.
  case normal(deviation: Double)
  /// Evenly distributed within ±`bound`.
  case uniform(bound: Double)
  /// Evenly within ±gain · √(6 / (fanIn + fanOut)) (Glorot, Bengio: Understanding the difficulty of training deep feedforward
  /// neural networks, 2010).
  case xavierUniform(gain: Double = 1)
  /// Normally with deviation gain / √fanIn; gain √2 for rectifiers (He, Zhang, Ren, Sun: Delving deep into rectifiers, 2015).
  case kaimingNormal(gain: Double = 2.0.squareRoot())
  /// Evenly within ±1 / √fanIn, which PyTorch begins linear and convolutional layers with.
  case fanIn

  func tensor(_ shape: Shape, _ random: inout Random, _ context: Context) -> Tensor {
    let receptive = shape.dimensions.dropFirst(2).reduce(1, *)
    let fanIn = Double(max(1, shape.rank > 1 ? shape[1] * receptive : shape.count))
    let fanOut = Double(max(1, shape.rank > 1 ? shape[0] * receptive : shape.count))
    switch self {
    case .constant(let value): return context.full(shape, value)
    case .normal(let deviation): return Self.normal(shape, deviation, &random, context)
    case .kaimingNormal(let gain): return Self.normal(shape, gain / fanIn.squareRoot(), &random, context)
    case .uniform(let bound): return Self.uniform(shape, bound, &random, context)
    case .xavierUniform(let gain):
      return Self.uniform(shape, gain * (6 / (fanIn + fanOut)).squareRoot(), &random, context)
    case .fanIn: return Self.uniform(shape, 1 / fanIn.squareRoot(), &random, context)
    }
  }

  private static func uniform(
    _ shape: Shape, _ bound: Double, _ random: inout Random, _ context: Context
  ) -> Tensor {
    let tensor = context.empty(shape)
    if context.isRehearsal { return tensor }
    let values = tensor.pointer(as: Float.self)
    for index in 0..<tensor.count { values[index] = Float(bound * (2 * random.uniform() - 1)) }
    return tensor
  }

  /// By Box and Muller: two numbers from two even ones.
  private static func normal(
    _ shape: Shape, _ deviation: Double, _ random: inout Random, _ context: Context
  ) -> Tensor {
    let tensor = context.empty(shape)
    if context.isRehearsal { return tensor }
    let values = tensor.pointer(as: Float.self)
    for index in stride(from: 0, to: tensor.count, by: 2) {
      let radius = deviation * (-2 * log(1 - random.uniform())).squareRoot()
      let angle = 2 * Double.pi * random.uniform()
      values[index] = Float(radius * cos(angle))
      if index + 1 < tensor.count { values[index + 1] = Float(radius * sin(angle)) }
    }
    return tensor
  }
}
