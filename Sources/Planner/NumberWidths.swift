/// Bytes of each number, by what it is for.
public struct NumberWidths: Sendable, Hashable, Codable {
  /// Weights as products read them.
  public var weights: Double
  /// Activations, their gradients, and the matrices of attention where they are kept.
  public var activations: Double
  /// The residual stream between sublayers.
  public var residual: Double
  /// Gradients of weights.
  public var gradients: Double
  /// The optimizer's own copy of a weight and its moments.
  public var optimizer: Double

  /// Widths in bytes.
  public init(weights: Double, activations: Double, residual: Double, gradients: Double, optimizer: Double) {
    self.weights = weights
    self.activations = activations
    self.residual = residual
    self.gradients = gradients
    self.optimizer = optimizer
  }

  /// 16 bits for what is computed with, Adam in 32: a copy and two moments, 16 bytes a weight in all (Rajbhandari et
  /// al.: ZeRO, 2020).
  public static let mixed = NumberWidths(weights: 2, activations: 2, residual: 2, gradients: 2, optimizer: 12)
}
