/// What an operator does, as far as its efficiency goes; anyone may add kinds.
public struct OperatorKind: RawRepresentable, Sendable, Hashable, Codable {
  /// The kind's name, for example `matmul`.
  public var rawValue: String

  /// A kind by its name.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Products of matrices, those of attention with its matrices in memory among them.
  public static let matmul = OperatorKind(rawValue: "matmul")
  /// Attention in tiles, forward.
  public static let attentionForward = OperatorKind(rawValue: "attentionForward")
  /// Attention in tiles, backward.
  public static let attentionBackward = OperatorKind(rawValue: "attentionBackward")
  /// Work that passes once over its numbers: norms, activations, masks, softmax, the optimizer.
  public static let elementwise = OperatorKind(rawValue: "elementwise")
}
