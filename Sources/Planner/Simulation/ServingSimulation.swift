/// A cluster that serves a language model, simulated request by request and iteration by iteration.
///
/// Continuous batching with whole or chunked prompts, key and value state in blocks with preemption, prompts and tokens
/// on one machine or on two, routing, failures and stragglers. A run depends on its inputs and its seed alone.
public struct ServingSimulation: Sendable {
  /// The machines.
  public let machines: [ServingMachine]
  /// How they serve.
  public let policy: ServingPolicy
  /// What goes wrong.
  public let faults: ServingFaults?
  /// When to stop, in seconds; by default once all requests are answered.
  public var mostSeconds = Double.infinity
  /// How many iterations the report lists.
  public var mostSpans = 0
  /// After how many events all accounts are checked, and once at the end: that takes as long as there are requests.
  package var auditEvery = Int.max

  /// A cluster.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``, also for machines of which none takes prompts or none tokens.
  public init(
    _ machines: [ServingMachine], policy: ServingPolicy = ServingPolicy(), faults: ServingFaults? = nil
  ) throws(PlannerError) {
    guard (1...1 << 16).contains(machines.count) else {
      throw .invalid(field: "machines", problem: "\(machines.count) lie outside 1…2¹⁶")
    }
    for (what, role) in [("prompts", ServingMachine.Role.prompts), ("tokens", .tokens)]
    where !machines.contains(where: { $0.role == role || $0.role == .both }) {
      throw .invalid(field: "machines", problem: "none takes \(what)")
    }
    try policy.validate()
    self.machines = machines
    self.policy = policy
    self.faults = faults
  }

  /// Serves `requests`, which are in the order of their arrival.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for requests that are none; ``PlannerError/brokenLaw(_:at:)``
  ///   where the simulator contradicts itself.
  public func run(_ requests: [SimulatedRequest], seed: UInt64 = 0) throws(PlannerError) -> ServingReport {
    try SimulatedRequest.check(requests)
    var engine = ServingEngine(self, requests, seed: seed)
    return try engine.run()
  }
}
