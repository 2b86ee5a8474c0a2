/// A device that computes prompts and tokens side by side, simulated iteration by iteration.
///
/// Each phase runs its own iterations one after the other. A new division holds for a phase from its next iteration on; a phase
/// whose other has nothing to do has the whole device. Whenever a phase begins or ends, the speed of the other follows: what is
/// left of an iteration is a fraction of it.
public struct NexusSimulation: Sendable {
  /// How long iterations take.
  public let costs: NexusCosts
  /// How the device is shared.
  public let policy: NexusPolicy
  /// Blocks of state.
  public let blocks: Int
  /// After how many events all accounts are checked, and once at the end.
  package var auditEvery = Int.max

  /// A device with room for `blocks` of state.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public init(_ costs: NexusCosts, policy: NexusPolicy = NexusPolicy(), blocks: Int) throws(PlannerError) {
    try policy.validate()
    guard (1...1 << 30).contains(blocks) else {
      throw .invalid(field: "blocks", problem: "\(blocks) lies outside 1…2³⁰")
    }
    self.costs = costs
    self.policy = policy
    self.blocks = blocks
  }

  /// Serves `requests`, which are in the order of their arrival; one that needs more than all state is rejected.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for requests that are none; ``PlannerError/brokenLaw(_:at:)`` where the
  ///   simulator contradicts itself.
  public func run(_ requests: [SimulatedRequest]) throws(PlannerError) -> NexusReport {
    try SimulatedRequest.check(requests)
    var engine = try NexusEngine(self, requests)
    return try engine.run()
  }
}
