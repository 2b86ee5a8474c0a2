/// The most that an ONNX file may ask for. The defaults are far above any real model and far below what would hurt.
public struct ONNXLimits: Sendable, Equatable {
  /// Messages in messages; a graph in an attribute takes three. The format's own readers allow 100.
  public var depth = 100
  /// Axes of a tensor.
  public var rank = 32
  /// Elements of a tensor.
  public var elements = 1 << 40
  /// Bytes of a name or another text that is not data.
  public var textBytes = 1 << 20
  /// The newest version of the standard operators.
  public var operatorSetVersion: Int64 = 28
  /// Heap bytes that parsing may take for messages and decoded numbers, and never more than 16 times the file's size and
  /// a megabyte; raw data stays in the file.
  public var memoryBudget = 1 << 28

  /// The default limits.
  public init() {}
}
