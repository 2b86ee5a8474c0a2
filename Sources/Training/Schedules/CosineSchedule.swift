/// Half a wave of the cosine from a rate down to a floor
/// (Loshchilov, Hutter: SGDR: stochastic gradient descent with warm restarts, 2017), with restarts or staying there.
public struct CosineSchedule: Schedule {
  private let (peak, floor, steps): (Double, Double, Int)
  private let growth: Int?

  /// A fall that begins at `peak` and is at `floor` after `steps` steps. With `restartGrowth` it then begins again, each
  /// time that many times as long; nothing for a rate that stays at the floor.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(
    from peak: Double, to floor: Double = 0, steps: Int, restartGrowth: Int? = nil
  ) throws(OptimizerError) {
    try check("CosineSchedule.peak", peak, .notNegative)
    try check("CosineSchedule.floor", floor, .notNegative)
    try check("CosineSchedule.steps", steps, atLeast: 1)
    if let restartGrowth { try check("CosineSchedule.restartGrowth", restartGrowth, atLeast: 1) }
    (self.peak, self.floor, self.steps, growth) = (peak, floor, steps, restartGrowth)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    var (step, length) = (max(step, 0), steps)
    if growth == 1 { step %= length }
    if let growth, growth > 1 {
      while step >= length {
        step -= length
        let (longer, isTooLong) = length.multipliedReportingOverflow(by: growth)
        length = isTooLong ? .max : longer
        if isTooLong { break }
      }
    }
    return Anneal.cosine.value(from: peak, to: floor, at: progress(step, of: length))
  }
}
