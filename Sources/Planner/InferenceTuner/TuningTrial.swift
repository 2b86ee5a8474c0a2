/// What was measured at a point.
public struct TuningTrial: Sendable, Hashable, Codable {
  /// The point.
  public var point: ParameterSpace.Point
  /// The part of the work that was done, above 0 and at most 1.
  public var part: Double
  /// What was measured; more is better, 0 is a failure.
  public var value: Double

  /// A trial; of all the work where no part is given.
  public init(_ point: ParameterSpace.Point, part: Double = 1, value: Double) {
    (self.point, self.part, self.value) = (point, part, value)
  }
}

/// What to try next.
public struct TuningProposal: Sendable, Hashable {
  /// The point.
  public var point: ParameterSpace.Point
  /// The part of the work to do.
  public var part: Double

  init(_ point: ParameterSpace.Point, part: Double = 1) { (self.point, self.part) = (point, part) }
}
