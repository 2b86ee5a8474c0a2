import Tensors

/// One of the norms along the last axis.
public enum NormLayer: Sendable, Hashable {
  /// Which one it is.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// ``LayerNormLayer``.
    case layer
    /// ``RMSNormLayer``.
    case rms
  }

  /// Mean and variance.
  case layer(LayerNormLayer)
  /// The root mean square.
  case rms(RMSNormLayer)

  /// A norm of a kind.
  public init(_ builder: inout ModelBuilder, _ kind: Kind, width: Int, epsilon: Float = 1e-5) {
    switch kind {
    case .layer: self = .layer(LayerNormLayer(&builder, width: width, epsilon: epsilon))
    case .rms: self = .rms(RMSNormLayer(&builder, width: width, epsilon: epsilon))
    }
  }

  /// The rows of x, normalised.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let y =
      switch self {
      case .layer(let norm): norm(x, pass)
      case .rms(let norm): norm(x, pass)
      }
    return pass.adapter?.normed(weight, y, pass) ?? y
  }

  /// The norm's weight, by which it is known.
  var weight: Weight {
    switch self {
    case .layer(let norm): norm.weight
    case .rms(let norm): norm.weight
    }
  }
}
