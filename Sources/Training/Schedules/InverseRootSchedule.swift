/// A linear rise, then a rate that falls with the root of the step's number
/// (Vaswani et al.: Attention is all you need, 2017).
///
/// With n = step + 1 and w steps of rise: peak · min(n / w, √(w / n)). The paper's d^-½ · min(n^-½, n w^-1.5) has the peak
/// 1 / √(d w).
public struct InverseRootSchedule: Schedule {
  private let (peak, rise): (Double, Int)

  /// A rate that is `peak` in the last of `rise` steps.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(peak: Double, rise: Int) throws(OptimizerError) {
    try check("InverseRootSchedule.peak", peak, .notNegative)
    try check("InverseRootSchedule.rise", rise, atLeast: 1)
    (self.peak, self.rise) = (peak, rise)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    let number = Double(max(step, 0)) + 1
    return peak * min(number / Double(rise), (Double(rise) / number).squareRoot())
  }
}
