/// One rise and one fall far below where it began
/// (Smith, Topin: Super-convergence: very fast training of neural networks using large learning rates, 2018).
public struct OneCycleSchedule: Schedule {
  private struct Phase {
    let (first, last): (Double, Double)
    let (start, end): (Double, Double)
  }
  private let phases: [Phase]
  private let shape: Anneal

  /// A cycle of `steps` steps: the first `rise` of them from `peak` / `division` up to `peak`, the others down to the first
  /// rate / `finalDivision`. With `threePhases` the fall to the first rate is as long as the rise, and the rest goes down
  /// from there. The last rate stays.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(
    peak: Double, steps: Int, rise: Double = 0.3, division: Double = 25, finalDivision: Double = 1e4,
    shape: Anneal = .cosine, threePhases: Bool = false
  ) throws(OptimizerError) {
    try check("OneCycleSchedule.peak", peak, .notNegative)
    try check("OneCycleSchedule.steps", steps, atLeast: 2)
    try check("OneCycleSchedule.rise", rise, .part)
    try check("OneCycleSchedule.division", division, .positive)
    try check("OneCycleSchedule.finalDivision", finalDivision, .positive)
    if threePhases && rise > 0.5 {
      throw .invalidSetting(field: "OneCycleSchedule.rise", value: rise, expected: "at most 0.5 with three phases")
    }
    let first = peak / division
    let top = max(rise * Double(steps) - 1, 0)
    let last = Double(steps - 1)
    self.shape = shape
    if threePhases {
      let back = max(2 * rise * Double(steps) - 2, top)
      phases = [
        Phase(first: 0, last: top, start: first, end: peak), Phase(first: top, last: back, start: peak, end: first),
        Phase(first: back, last: last, start: first, end: first / finalDivision),
      ]
    } else {
      phases = [
        Phase(first: 0, last: top, start: first, end: peak),
        Phase(first: top, last: last, start: peak, end: first / finalDivision),
      ]
    }
  }

  /// The rate of the step with this number, from 0 on.
  public func rate(at step: Int) -> Double {
    let step = Double(max(step, 0))
    let phase = phases.first { step <= $0.last } ?? phases[phases.count - 1]
    let length = phase.last - phase.first
    return shape.value(
      from: phase.start, to: phase.end, at: length > 0 ? min((step - phase.first) / length, 1) : 1)
  }
}
