/// A rate that is multiplied by a factor at milestones.
public struct StepSchedule: Schedule {
  private enum Places {
    case every(Int)
    case at([Int])
  }
  private let (rate, factor): (Double, Double)
  private let places: Places

  /// A rate that is multiplied by `factor` after every `interval` steps.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(_ rate: Double, factor: Double = 0.1, every interval: Int) throws(OptimizerError) {
    try check("StepSchedule.interval", interval, atLeast: 1)
    try self.init(rate, factor, .every(interval))
  }

  /// A rate that is multiplied by `factor` from each of the milestones on; one that is given twice counts twice.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(_ rate: Double, factor: Double = 0.1, milestones: [Int]) throws(OptimizerError) {
    for milestone in milestones { try check("StepSchedule.milestones", milestone, atLeast: 0) }
    try self.init(rate, factor, .at(milestones))
  }

  private init(_ rate: Double, _ factor: Double, _ places: Places) throws(OptimizerError) {
    try check("StepSchedule.rate", rate, .notNegative)
    try check("StepSchedule.factor", factor, .part)
    (self.rate, self.factor, self.places) = (rate, factor, places)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    let step = max(step, 0)
    return switch places {
    case .every(let interval): rate * power(factor, step / interval)
    case .at(let milestones): rate * power(factor, milestones.count { $0 <= step })
    }
  }
}
