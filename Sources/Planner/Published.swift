import Costs

/// A number that somebody published, to put predictions to.
public struct Published: Sendable, Hashable {
  /// What it is of, for example `GPT3-1.3B at 8k, v2`.
  public var name: String
  /// The number and where it comes from.
  public var figure: Figure
  /// Whether it was read in its source; else it is recalled.
  public var verified: Bool

  /// A published number.
  public init(_ name: String, _ figure: Figure, verified: Bool) {
    self.name = name
    self.figure = figure
    self.verified = verified
  }
}
