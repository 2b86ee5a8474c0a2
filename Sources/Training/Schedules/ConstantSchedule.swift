/// One rate for all steps.
public struct ConstantSchedule: Schedule {
  private let rate: Double

  /// A schedule that stays at `rate`.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(_ rate: Double) throws(OptimizerError) {
    try check("ConstantSchedule.rate", rate, .notNegative)
    self.rate = rate
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double { rate }
}
