/// What a training step computes again in its backward pass, so as not to keep it (Korthikanti et al.: Reducing
/// Activation Recomputation in Large Transformer Models, 2022).
public enum Recomputation: String, Sendable, Hashable, Codable, CaseIterable {
  /// Everything is kept.
  case none
  /// Attention's matrices are computed again.
  case attention
  /// Whole layers are computed again.
  case layer
}
