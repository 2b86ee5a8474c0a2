import Tensors

/// A function between two linear layers.
public enum Activation: String, Sendable, Hashable, CaseIterable {
  /// The positive part.
  case relu
  /// x Φ(x).
  case gelu
  /// Its approximation by tanh.
  case geluTanh
  /// x / (1 + e^-x).
  case silu
  /// The hyperbolic tangent.
  case tanh

  /// f(x).
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    switch self {
    case .relu: context.relu(x)
    case .gelu: context.gelu(x)
    case .geluTanh: context.geluTanh(x)
    case .silu: context.silu(x)
    case .tanh: context.tanh(x)
    }
  }
}
