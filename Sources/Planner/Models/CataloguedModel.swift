/// A model that plans know by name, and where its sizes were read.
public struct CataloguedModel: Sendable, Hashable {
  /// Its sizes; its name is the one it is listed by.
  public var shape: TransformerShape
  /// Other names that it is found by, in any case.
  public var aliases: [String]
  /// The most tokens of a sequence.
  public var contextLength: Int
  /// Where the sizes were read.
  public var source: String

  /// An entry from its parts.
  public init(_ shape: TransformerShape, aliases: [String] = [], contextLength: Int, source: String) {
    self.shape = shape
    self.aliases = aliases
    self.contextLength = contextLength
    self.source = source
  }
}
