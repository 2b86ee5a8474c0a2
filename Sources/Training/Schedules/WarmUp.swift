/// A linear rise to another schedule, which begins when the rise ends.
public struct WarmUp: Schedule {
  private let (steps, start): (Int, Double)
  private let next: any Schedule

  /// `steps` steps in which the rate rises from `start` of the first rate of `next` (0: from nothing, in step 0) to all of
  /// it; then `next` from its step 0 on.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(_ steps: Int, from start: Double = 0, then next: any Schedule) throws(OptimizerError) {
    try check("WarmUp.steps", steps, atLeast: 0)
    try check("WarmUp.start", start, .part)
    (self.steps, self.start, self.next) = (steps, start, next)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    if step >= steps { return next.rate(at: step - steps) }
    return next.rate(at: 0) * Anneal.linear.value(from: start, to: 1, at: progress(step, of: steps))
  }
}
