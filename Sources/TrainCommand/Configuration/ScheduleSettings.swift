import ConfigurationFiles
import Training

/// The rate of each step.
package struct ScheduleSettings: Sendable, Equatable {
  /// How the rate goes on from its peak, which is the optimizer's rate.
  package enum Kind: String, Sendable, CaseIterable {
    case constant, cosine, linear
    case oneCycle = "one-cycle"
    case warmUpStableDecay = "warm-up-stable-decay"
    case inverseRoot = "inverse-root"
  }

  package var kind: Kind
  package var warmUp: Int
  package var floor: Double
  /// The share of the run in which the rate falls, or rises.
  package var share: Double

  /// Reads the section.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ section: ConfigurationFields) throws(ConfigurationError) {
    var fields = section
    kind =
      Kind(rawValue: try fields.choice("kind", Kind.allCases.map(\.rawValue), default: Kind.constant.rawValue))
      ?? .constant
    (warmUp, floor, share) = (0, 0, 0)
    switch kind {
    case .constant: warmUp = try fields.whole("warmUp", 0...1 << 40, default: 0)
    case .cosine, .linear:
      warmUp = try fields.whole("warmUp", 0...1 << 40, default: 0)
      floor = try fields.number("floor", 0...1e30, default: 0)
    case .oneCycle: share = try fields.number("rise", 0...1, default: 0.3)
    case .warmUpStableDecay:
      warmUp = try fields.whole("warmUp", 0...1 << 40, default: 0)
      floor = try fields.number("floor", 0...1e30, default: 0)
      share = try fields.number("fall", 0...1, default: 0.2)
    case .inverseRoot: warmUp = try fields.whole("warmUp", 1...1 << 40, default: 1000)
    }
    try fields.finish()
  }

  /// Whether the rates depend on the number of steps.
  package var dependsOnLength: Bool { kind != .constant && kind != .inverseRoot }

  /// The schedule of a run of `steps` steps with the highest rate `peak`.
  ///
  /// - Throws: `OptimizerError`.
  package func schedule(peak: Double, steps: Int) throws -> any Schedule {
    let rest = max(1, steps - warmUp)
    switch kind {
    case .constant: return try warming(ConstantSchedule(peak))
    case .cosine: return try warming(CosineSchedule(from: peak, to: floor, steps: rest))
    case .linear: return try warming(LinearSchedule(from: peak, to: floor, steps: rest))
    case .oneCycle: return try OneCycleSchedule(peak: peak, steps: max(2, steps), rise: share)
    case .warmUpStableDecay:
      let fall = min(rest, Int((share * Double(steps)).rounded()))
      return try WarmUpStableDecay(peak: peak, floor: floor, rise: warmUp, plateau: rest - fall, fall: fall)
    case .inverseRoot: return try InverseRootSchedule(peak: peak, rise: warmUp)
    }
  }

  /// From a rate above nothing on: a step at a rate of nothing would be lost.
  private func warming(_ next: any Schedule) throws -> any Schedule {
    if warmUp == 0 { return next }
    return try WarmUp(warmUp, from: 1 / Double(warmUp + 1), then: next)
  }
}
