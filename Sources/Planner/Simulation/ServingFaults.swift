/// What goes wrong in a cluster.
public struct ServingFaults: Sendable, Hashable {
  /// Seconds between two failures of a machine, on average; it loses all state.
  public var secondsBetweenFailures: Double?
  /// Seconds until a machine that failed is back, on average.
  public var repairSeconds: Double
  /// The part of machines that are slow throughout.
  public var stragglers: Double
  /// How many times longer they take.
  public var slowdown: Double

  /// Faults from their parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public init(
    secondsBetweenFailures: Double? = nil, repairSeconds: Double = 60, stragglers: Double = 0, slowdown: Double = 1
  ) throws(PlannerError) {
    if let seconds = secondsBetweenFailures, !(seconds >= 0.01 && seconds <= 1e12) {
      throw .invalid(field: "secondsBetweenFailures", problem: "\(seconds) lies outside 0.01…10¹² s")
    }
    guard repairSeconds > 0, repairSeconds <= 1e9 else {
      throw .invalid(field: "repairSeconds", problem: "\(repairSeconds) lies outside 0…10⁹ s")
    }
    guard stragglers >= 0, stragglers <= 1 else {
      throw .invalid(field: "stragglers", problem: "\(stragglers) is no part of the machines")
    }
    guard slowdown >= 1, slowdown <= 1e6 else {
      throw .invalid(field: "slowdown", problem: "\(slowdown) lies outside 1…10⁶")
    }
    self.secondsBetweenFailures = secondsBetweenFailures
    self.repairSeconds = repairSeconds
    self.stragglers = stragglers
    self.slowdown = slowdown
  }
}
