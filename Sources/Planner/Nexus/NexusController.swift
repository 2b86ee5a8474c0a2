/// Decides, whenever a phase is about to begin an iteration, how the device is divided.
public struct NexusController: Sendable, Hashable {
  /// How.
  public let policy: NexusPolicy
  /// Percent of the device for prompts; tokens have the rest.
  public private(set) var promptPercent: Int
  /// What comes first, as of the last decision.
  public private(set) var mode = NexusMode.prefillFirst
  /// Decisions so far.
  public private(set) var decisions = 0
  /// Those that changed the division.
  public private(set) var switches = 0
  /// Estimates of a phase in them.
  public private(set) var evaluations = 0
  /// Decisions after which the phase that comes second does not keep its promise by the costs.
  public private(set) var infeasible = 0

  /// A controller that begins with halves, or with what is fixed.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a policy that is none.
  public init(_ policy: NexusPolicy) throws(PlannerError) {
    try policy.validate()
    self.policy = policy
    promptPercent = if case .fixed(let percent) = policy.sharing { percent } else { 50 }
  }

  /// Decides for what runs.
  ///
  /// - Parameters:
  ///   - costs: how long phases take.
  ///   - prompts: the iteration of prompts that runs or begins.
  ///   - tokens: that of tokens.
  ///   - stateShare: the part of all state that is taken.
  public mutating func decide(
    _ costs: NexusCosts, prompts: IterationBatch, tokens: IterationBatch, stateShare: Double
  ) {
    mode = stateShare > policy.decodeFirstAbove ? .decodeFirst : .prefillFirst
    guard policy.sharing == .searched else { return }
    decisions += 1
    let split: NexusSplit
    let wanted: Int
    switch mode {
    case .prefillFirst:
      split = NexusSplit.greedy(from: promptPercent, slack: policy.tokenSlack) { percent in
        // Alone on the device tokens still meet the prompts' traffic: what is weighed are the shares.
        let beside =
          policy.knowsContention
          ? costs.bandwidthShare(of: tokens, beside: prompts, promptShare: Double(max(1, 100 - percent)) / 100) : 1
        return costs.decode(tokens, share: Double(percent) / 100, bandwidthShare: beside).seconds
      }
      wanted = split.percent
    case .decodeFirst:
      split = NexusSplit.greedy(from: 100 - promptPercent, slack: policy.promptSlack) { percent in
        costs.prefill(prompts, share: Double(percent) / 100).seconds
      }
      wanted = 100 - split.percent
    }
    evaluations += split.evaluations
    if !split.isFeasible { infeasible += 1 }
    guard wanted != promptPercent, abs(wanted - promptPercent) >= policy.hysteresis else { return }
    promptPercent = wanted
    switches += 1
  }
}
