/// The rate of each step, a function of the step's number alone: a run that is resumed goes on with the same rates.
///
/// ```swift
/// let schedule = try WarmUp(100, then: CosineSchedule(from: 3e-4, to: 3e-5, steps: 900))
/// try optimizer.step(gradients, rate: schedule.rate(at: optimizer.stepCount))
/// ```
public protocol Schedule: Sendable {
  /// The rate of the step with this number, from 0 on; numbers below 0 are taken for 0.
  func rate(at step: Int) -> Double
}

/// How far `step` is on the way to `steps`, from 0 to 1.
func progress(_ step: Int, of steps: Int) -> Double {
  steps <= 0 ? 1 : Double(min(max(step, 0), steps)) / Double(steps)
}
