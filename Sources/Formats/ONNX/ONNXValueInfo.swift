/// A named value of a graph and its type.
public struct ONNXValueInfo: Sendable, Equatable {
  /// The value's name.
  public let name: String
  /// The type; nothing where the file does not tell it.
  public let type: ONNXType?
  /// Where it is described in the file.
  public let offset: Int
}
