/// A score at a number of answers or rounds.
public struct CurvePoint: Sendable, Hashable, Codable {
  /// The number N of answers or rounds.
  public var count: Int
  /// The score, 0…1.
  public var score: Double

  /// A point.
  public init(count: Int, score: Double) {
    self.count = count
    self.score = score
  }
}
