/// What a file says of its place among the parts of a split model.
public struct GGUFSplit: Sendable, Equatable {
  /// The most parts: their numbers have 16 bits.
  public static let most = Int(UInt16.max)

  /// The part's number, from 0.
  public let number: Int
  /// The number of parts, 2 or more.
  public let count: Int
  /// The tensors of all parts together, where the file says.
  public let tensors: Int?
  /// Where the file says it, in bytes.
  public let offset: Int
}
