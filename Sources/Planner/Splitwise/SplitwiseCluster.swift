/// Machines that serve a measured model, by one of the paper's designs.
public struct SplitwiseCluster: Sendable, Hashable {
  /// The design.
  public var design: SplitwiseDesign
  /// Machines for prompts; of a baseline all machines.
  public var prompts: Int
  /// Machines for tokens; of a baseline none.
  public var tokens: Int
  /// The model.
  public var model: SplitwiseProfile.Model

  /// A cluster.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for numbers of machines that the design cannot have.
  public init(
    _ design: SplitwiseDesign, prompts: Int, tokens: Int = 0, model: SplitwiseProfile.Model = .bloom176B
  ) throws(PlannerError) {
    guard (1...4096).contains(prompts) else {
      throw .invalid(field: "prompts", problem: "\(prompts) machines lie outside 1…4096")
    }
    guard design.isSplit ? (1...4096).contains(tokens) : tokens == 0 else {
      throw .invalid(field: "tokens", problem: "\(tokens) machines, with the design \(design.rawValue)")
    }
    self.design = design
    self.prompts = prompts
    self.tokens = tokens
    self.model = model
  }

  /// Machines in all.
  public var machines: Int { prompts + tokens }

  /// US dollars an hour.
  public var price: Double {
    Double(prompts) * design.prompts.price.value + Double(tokens) * design.tokens.price.value
  }

  /// Watts of the machines' devices.
  public var power: Double {
    Double(prompts) * design.prompts.devicePower + Double(tokens) * design.tokens.devicePower
  }

  /// Bytes of memory of a machine, as the public simulator has them: eight times 80 GiB, all of it.
  static let memory = 8.0 * 80 * 1024 * 1024 * 1024

  /// Tokens of prompts in a batch, and those that may wait before another pool helps; preemptions before tokens come
  /// first (the public simulator's settings).
  static let (batchTokens, batchSequences, waitingTokens, mostSkips) = (2048, 512, 8192, 4)

  /// By how much sending layer after layer slows prompts down: assumed, the paper says that it is little.
  static let slowdown = 0.01

  /// The simulator of the cluster.
  ///
  /// - Throws: ``PlannerError``.
  public func simulation() throws(PlannerError) -> ServingSimulation {
    var policy = ServingPolicy()
    policy.order = .promptsFirst
    policy.router = .shortestQueue
    policy.batchTokens = Self.batchTokens
    policy.batchSequences = Self.batchSequences
    policy.mostSkips = Self.mostSkips
    policy.stateBytes = model.stateBytes
    policy.transfer = .layerwise(rest: design.prompts.rest, slowdown: Self.slowdown)
    if design.isSplit { policy.borrowing = ServingPolicy.Borrowing(promptTokens: Self.waitingTokens) }
    let blocks = Int((Self.memory - model.weightBytes) / (model.stateBytes * Double(policy.blockTokens)))
    let kinds: [(ServingMachine.Role, SplitwiseProfile.Hardware, Int)] =
      design.isSplit
      ? [(.prompts, design.prompts, prompts), (.tokens, design.tokens, tokens)] : [(.both, design.prompts, prompts)]
    var all: [ServingMachine] = []
    for (role, hardware, count) in kinds {
      let profile = SplitwiseProfile.measured(model, on: hardware)
      for index in 0..<count {
        all.append(
          try ServingMachine(
            "\(hardware.rawValue) \(role.rawValue) \(index)", role: role, iterations: profile, blocks: blocks,
            link: hardware.link))
      }
    }
    return try ServingSimulation(all, policy: policy)
  }

  /// Serves `requests` to the end.
  ///
  /// - Throws: ``PlannerError``.
  public func run(_ requests: [SimulatedRequest], seed: UInt64 = 0) throws(PlannerError) -> ServingReport {
    try simulation().run(requests, seed: seed)
  }
}
