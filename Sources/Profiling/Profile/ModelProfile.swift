import Formats
import Models
import Tensors

/// Where a model's time goes on this machine: the operators of reading a prompt and of making tokens, measured, beside
/// what the machine allows each of them.
///
/// ```swift
/// let profile = try ModelProfile.measure(model, context: context, workload: .init(prompt: 512, depths: [2048]))
/// for opportunity in profile.opportunities() { print(opportunity.bottleneck, opportunity.seconds) }
/// ```
public struct ModelProfile: Sendable {
  /// The machine's limits, measured in the same run.
  public var limits: MachineLimits
  /// The phases of the workload.
  public var phases: [PhaseProfile]

  /// A profile from its parts.
  public init(limits: MachineLimits, phases: [PhaseProfile]) {
    self.limits = limits
    self.phases = phases
  }

  /// The seconds of the whole workload: every phase's step times how often it has one.
  public var workloadSeconds: Double { phases.reduce(0) { $0 + $1.step.median * Double($1.steps) } }

  /// The bottlenecks with the most time above the roofline, largest first.
  ///
  /// - Parameters:
  ///   - count: the most to list.
  ///   - advice: the names of the techniques that address a bottleneck.
  public func opportunities(_ count: Int = 3, advice: (Bottleneck) -> [String] = { _ in [] }) -> [Opportunity] {
    var found: [Bottleneck: [(test: String, name: String, seconds: Double)]] = [:]
    for phase in phases {
      for row in phase.rows() where row.aboveRoofline > 0 {
        found[Bottleneck(phase.phase, row.bound.limit), default: []].append(
          (phase.test.name, row.name, row.aboveRoofline * Double(phase.steps)))
      }
    }
    let whole = workloadSeconds
    let all = found.map { bottleneck, rows in
      let seconds = rows.reduce(0) { $0 + $1.seconds }
      return Opportunity(
        bottleneck: bottleneck, seconds: seconds, share: seconds / whole,
        operators: Array(rows.sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) }.prefix(3)),
        advice: advice(bottleneck))
    }
    return Array(all.sorted { $0.seconds > $1.seconds }.prefix(count))
  }

  /// All figures; rows by layer where asked for.
  public func members(byLayer: Bool, advice: (Bottleneck) -> [String]) -> [JSON.Member] {
    [
      JSON.Member("ceilings", limits.json),
      JSON.Member("overheadFactor", .number(ProfileRow.overheadFactor)),
      JSON.Member("workloadSeconds", .rounded(workloadSeconds)),
      JSON.Member("phases", .array(phases.map { $0.json(byLayer: byLayer) })),
      JSON.Member("opportunities", .array(opportunities(advice: advice).map(\.json))),
    ]
  }
}
