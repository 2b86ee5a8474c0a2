/// Feed-forward layers of which each token uses a few: routed experts, and shared ones that all tokens use.
public struct ExpertLayers: Sendable, Hashable, Codable {
  /// Experts that tokens are sent to.
  public var routed: Int
  /// How many of them a token is sent to.
  public var active: Int
  /// Experts that every token is sent to.
  public var shared: Int
  /// The width of one expert.
  public var feedForward: Int
  /// Layers at the beginning that have no experts.
  public var denseLayers: Int
  /// Whether the router adds a number of its own to each expert's affinity.
  public var hasRouterBias: Bool

  /// Layers of experts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts that are none, and for more active experts than there are.
  public init(
    routed: Int, active: Int, shared: Int = 0, feedForward: Int, denseLayers: Int = 0, hasRouterBias: Bool = false
  ) throws(PlannerError) {
    for (field, count, least) in [
      ("routed", routed, 1), ("active", active, 1), ("shared", shared, 0), ("expertFeedForward", feedForward, 1),
      ("denseLayers", denseLayers, 0),
    ] where !(least...1 << 21).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside \(least)…\(1 << 21)")
    }
    guard active <= routed else {
      throw .invalid(field: "active", problem: "\(active) experts of \(routed) cannot be active")
    }
    self.init(checked: routed, active, shared, feedForward, denseLayers, hasRouterBias)
  }

  init(
    checked routed: Int, _ active: Int, _ shared: Int, _ feedForward: Int, _ denseLayers: Int, _ hasRouterBias: Bool
  ) {
    self.routed = routed
    self.active = active
    self.shared = shared
    self.feedForward = feedForward
    self.denseLayers = denseLayers
    self.hasRouterBias = hasRouterBias
  }

  /// Experts that `rows` tokens reach between them, if every expert is as likely as any other.
  public func reached(by rows: Double) -> Double {
    // The chance that none of the rows is sent to an expert, by repeated squaring.
    var (missed, factor, left) = (1.0, 1 - Double(active) / Double(routed), max(0, rows).rounded())
    while left > 0, missed > 0 {
      if left.truncatingRemainder(dividingBy: 2) == 1 { missed *= factor }
      factor *= factor
      left = (left / 2).rounded(.down)
    }
    return Double(routed) * (1 - missed)
  }
}
