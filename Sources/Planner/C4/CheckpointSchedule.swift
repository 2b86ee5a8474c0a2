#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How often to save the state of a run that breaks now and then, and what is lost to it.
///
/// Saving every √(2·save·MTBF) seconds loses least (Young: A first order approximation to the optimum checkpoint interval, 1974).
public struct CheckpointSchedule: Sendable, Hashable {
  /// Seconds that saving takes.
  public let save: Double
  /// Seconds between two failures, on average.
  public let meanTimeBetweenFailures: Double
  /// Seconds from a failure until the run goes on: to notice it, find whose it is, start again and load.
  public let recovery: Double

  /// A schedule.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for times that are none.
  public init(save: Double, meanTimeBetweenFailures: Double, recovery: Double = 0) throws(PlannerError) {
    for (field, value) in [("save", save), ("meanTimeBetweenFailures", meanTimeBetweenFailures)]
    where !(value > 0 && value <= 1e12) {
      throw .invalid(field: field, problem: "\(value) s lies outside 0…10¹²")
    }
    guard recovery >= 0, recovery <= 1e12 else {
      throw .invalid(field: "recovery", problem: "\(recovery) s lies outside 0…10¹²")
    }
    self.save = save
    self.meanTimeBetweenFailures = meanTimeBetweenFailures
    self.recovery = recovery
  }

  /// Seconds of work between two savings that lose least, to first order.
  public var interval: Double { (2 * save * meanTimeBetweenFailures).squareRoot() }

  /// The part of the time that is lost, to first order: savings, and for each failure half an interval of work and the recovery.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for an interval that is no time.
  public func lostShare(every interval: Double) throws(PlannerError) -> Double {
    try check(interval)
    return save / interval + (interval / 2 + recovery) / meanTimeBetweenFailures
  }

  /// The expected time of a second of work where failures are exponential and may strike savings and recoveries too:
  /// M·e^(R/M)·(e^((c + s)/M) − 1) / c for an interval c (Daly: A higher order estimate of the optimum checkpoint interval, 2006).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for an interval that is no time.
  public func slowdown(every interval: Double) throws(PlannerError) -> Double {
    try check(interval)
    let mean = meanTimeBetweenFailures
    return mean * exp(recovery / mean) * expm1((interval + save) / mean) / interval
  }

  private func check(_ interval: Double) throws(PlannerError) {
    guard interval > 0, interval <= 1e12 else {
      throw .invalid(field: "interval", problem: "\(interval) s lies outside 0…10¹²")
    }
  }
}
