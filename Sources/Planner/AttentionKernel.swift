/// How attention is computed.
public enum AttentionKernel: Sendable, Hashable, Codable {
  /// Every step keeps its [H, N, N] matrix in memory: scores, causal mask, softmax, dropout if there is one, and the
  /// product with the values; all pairs are computed, those that the mask hides too.
  case materialized(dropout: Bool)
  /// In tiles that stay on the chip; of the pairs only those that the causal mask shows are computed.
  case tiled
}
