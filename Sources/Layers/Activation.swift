import Tensors

/// The function between the matrices of a feed-forward layer.
public enum Activation: Sendable, Hashable {
  /// max(x, 0).
  case relu
  /// x / (1 + e^-x).
  case silu
  /// x Φ(x).
  case gelu
  /// The approximation of ``gelu`` by tanh.
  case geluTanh

  /// Its form for gated layers; `nil` where there is none.
  public var gate: GateFunction? {
    switch self {
    case .relu: nil
    case .silu: .silu
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    }
  }

  /// f(x), f32.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    switch self {
    case .relu: context.relu(x)
    case .silu: context.silu(x)
    case .gelu: context.gelu(x)
    case .geluTanh: context.geluTanh(x)
    }
  }
}
