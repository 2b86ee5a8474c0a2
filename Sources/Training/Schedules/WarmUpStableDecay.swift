/// A rise, a plateau that may be as long as one likes, and a fall at the end
/// (Hu et al.: MiniCPM: unveiling the potential of small language models, 2024).
public struct WarmUpStableDecay: Schedule {
  private let (peak, floor): (Double, Double)
  private let (rise, plateau, fall): (Int, Int, Int)
  private let shape: Anneal

  /// `rise` steps from 0 up to `peak`, `plateau` steps at it, `fall` steps down to `floor`, which then stays.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(
    peak: Double, floor: Double = 0, rise: Int, plateau: Int, fall: Int, shape: Anneal = .linear
  ) throws(OptimizerError) {
    try check("WarmUpStableDecay.peak", peak, .notNegative)
    try check("WarmUpStableDecay.floor", floor, .notNegative)
    for (field, steps) in [("rise", rise), ("plateau", plateau), ("fall", fall)] {
      try check("WarmUpStableDecay.\(field)", steps, atLeast: 0)
    }
    if rise.addingReportingOverflow(plateau).overflow {
      throw .invalidSetting(
        field: "WarmUpStableDecay.plateau", value: Double(plateau), expected: "such that all steps can be counted")
    }
    (self.peak, self.floor, self.rise, self.plateau, self.fall, self.shape) = (peak, floor, rise, plateau, fall, shape)
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    if step < rise { return peak * progress(step, of: rise) }
    if step < rise + plateau { return peak }
    return shape.value(from: peak, to: floor, at: progress(step - rise - plateau, of: fall))
  }
}
