import Tensors

/// A norm over the last axis of rows.
public protocol Normalization: Sendable {
  /// The normalised rows of x [rows, width], f32.
  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}
