/// floor + (rate - floor) · (1 - step / steps)^exponent, which then stays at the floor.
public struct PolynomialSchedule: Schedule {
  private let (rate, floor, exponent, steps): (Double, Double, Double, Int)

  /// A rate that begins at `rate` and is at `floor` after `steps` steps.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(
    from rate: Double, to floor: Double = 0, steps: Int, exponent: Double = 1
  ) throws(OptimizerError) {
    try check("PolynomialSchedule.rate", rate, .notNegative)
    try check("PolynomialSchedule.floor", floor, .notNegative)
    try check("PolynomialSchedule.steps", steps, atLeast: 1)
    try check("PolynomialSchedule.exponent", exponent, .positive)
    (self.rate, self.floor, self.exponent, self.steps) = (rate, floor, exponent, steps)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    floor + (rate - floor) * raised(1 - progress(step, of: steps), exponent)
  }
}
