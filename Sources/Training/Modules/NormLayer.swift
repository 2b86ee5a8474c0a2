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
  public init(_ builder: inout ModelBuilder, _ kind: Kind, width: Int) {
    switch kind {
    case .layer: self = .layer(LayerNormLayer(&builder, width: width))
    case .rms: self = .rms(RMSNormLayer(&builder, width: width))
    }
  }

  /// The rows of x, normalised.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    switch self {
    case .layer(let norm): norm(x, pass)
    case .rms(let norm): norm(x, pass)
    }
  }
}
