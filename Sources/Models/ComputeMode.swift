/// How products with quantised weights are computed.
public enum ComputeMode: String, Sendable, CaseIterable, Codable {
  /// Activations are quantised for integer kernels; weights are used as the file has them.
  case fast
  /// Weights are decoded to f32 and everything is computed in f32, by default with an f32 cache: slow and exact.
  case f32
}
