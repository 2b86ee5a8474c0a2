/// A number with where it comes from.
public struct Figure: Sendable, Hashable, Codable {
  /// The number, in the unit of what it describes.
  public var value: Double
  /// The document or command that it was read from, for example `A100 data sheet`.
  public var source: String
  /// When that was published or measured, `2021-06` or `2026-11-26`.
  public var date: String

  /// A figure from its parts.
  public init(_ value: Double, source: String, date: String) {
    self.value = value
    self.source = source
    self.date = date
  }
}
