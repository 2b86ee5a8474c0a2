/// A straight line from one rate to another, which then stays.
public struct LinearSchedule: Schedule {
  private let (start, end, steps): (Double, Double, Int)

  /// A line that begins at `start` and is at `end` after `steps` steps.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(from start: Double, to end: Double, steps: Int) throws(OptimizerError) {
    try check("LinearSchedule.start", start, .notNegative)
    try check("LinearSchedule.end", end, .notNegative)
    try check("LinearSchedule.steps", steps, atLeast: 1)
    (self.start, self.end, self.steps) = (start, end, steps)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    Anneal.linear.value(from: start, to: end, at: progress(step, of: steps))
  }
}
