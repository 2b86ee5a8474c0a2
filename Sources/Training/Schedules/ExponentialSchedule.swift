/// A rate that is multiplied by a factor after each step.
public struct ExponentialSchedule: Schedule {
  private let (rate, factor): (Double, Double)

  /// A rate that begins at `rate`.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(_ rate: Double, factor: Double) throws(OptimizerError) {
    try check("ExponentialSchedule.rate", rate, .notNegative)
    try check("ExponentialSchedule.factor", factor, .part)
    (self.rate, self.factor) = (rate, factor)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double { rate * power(factor, max(step, 0)) }
}
