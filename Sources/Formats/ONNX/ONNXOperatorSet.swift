/// A version of a family of operators that a model or function is written for.
public struct ONNXOperatorSet: Sendable, Equatable {
  /// The family: empty for the standard operators.
  public let domain: String
  /// The version, from 1.
  public let version: Int64

  /// The domain with its alias `ai.onnx` resolved to the empty name.
  public static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
}
