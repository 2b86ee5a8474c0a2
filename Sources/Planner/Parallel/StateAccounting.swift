/// How many bytes of state a weight has in mixed-precision training with Adam, as different people count.
public enum StateAccounting: Int, Sendable, Hashable, Codable, CaseIterable {
  /// As Frontier's paper counts: 6 of weights, 4 of gradients, 4 of the optimizer.
  case fourteen = 14
  /// A weight and a gradient of 16 bits, a copy and two moments of 32 (Rajbhandari et al., 2020).
  case sixteen = 16
  /// The same with a gradient of 32 bits.
  case eighteen = 18

  /// The bytes by what they are for. Of the fourteen, what is computed with is 2 of weights and 2 of gradients; the rest is the
  /// optimizer's.
  public var widths: NumberWidths {
    switch self {
    case .fourteen: NumberWidths(weights: 2, activations: 2, residual: 2, gradients: 2, optimizer: 10)
    case .sixteen: .mixed
    case .eighteen: NumberWidths(weights: 2, activations: 2, residual: 2, gradients: 4, optimizer: 12)
    }
  }

  /// Bytes of a whole model's state.
  public func bytes(_ shape: TransformerShape) -> Double { Double(rawValue) * Double(shape.parameters) }
}
