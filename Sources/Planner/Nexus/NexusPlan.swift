import Costs

/// How a device serves.
public enum NexusScheduler: Sendable, Hashable {
  /// Prompts and tokens side by side.
  case shared(NexusPolicy)
  /// One batch of a token of every sequence and parts of prompts, first come, first served, up to so many rows, as vLLM's.
  case chunked(rows: Int)
}

/// What a service must keep for a rate to count as sustained.
public struct NexusLimit: Sendable, Hashable {
  /// The most seconds between two tokens, that of 95 % of them.
  public var gap: Double
  /// The most seconds to the first token, on average.
  public var firstToken: Double

  /// The limits that MLPerf's server has for a 70-billion model, recalled: 200 ms a token and 2 s to the first one. There they are
  /// of P99.
  public static let usual = NexusLimit(gap: 0.2, firstToken: 2)

  /// A limit from its parts.
  public init(gap: Double, firstToken: Double) {
    self.gap = gap
    self.firstToken = firstToken
  }

  /// Whether the service keeps it.
  public func isMet(by report: NexusReport) -> Bool {
    report.serving.gaps.percentile(95) <= gap && report.serving.mean(\.firstToken) <= firstToken
  }
}

/// A dense model on one device that serves it, one way or the other.
///
///     let plan = try NexusPlan(model: qwen, on: l20)
///     let requests = try NexusWorkload.longData.requests(rate: 1.5, seconds: 600, seed: 0)
///     try plan.serve(requests, .shared(NexusPolicy())).serving.mean(\.firstToken)
public struct NexusPlan: Sendable {
  /// How long iterations take.
  public let costs: NexusCosts
  /// Tokens of state that fit beside the weights.
  public let stateTokens: Int

  /// A model of 16-bit weights and state on a device.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - device: the device.
  ///   - constants: what is not on its data sheet.
  ///   - memoryShare: the part of its memory that may be used.
  /// - Throws: ``PlannerError``, ``PlannerError/doesNotFit(step:bytes:device:)`` where no state fits beside the weights.
  public init(
    model: TransformerShape, on device: Device, constants: NexusCosts.Constants = NexusCosts.Constants(),
    memoryShare: Double = 0.9
  ) throws(PlannerError) {
    guard memoryShare > 0, memoryShare <= 1 else {
      throw .invalid(field: "memoryShare", problem: "\(memoryShare) is no part of the memory")
    }
    costs = try NexusCosts(model, on: device, constants: constants)
    let need = try InferenceMemory(
      model, weightBytes: 2, stateBytes: 2, sequences: 1, tokens: 1, stepTokens: NexusPolicy().promptTokens)
    let free = (device.memory.value * memoryShare - need.weights - need.activations) / need.statePerToken
    guard free >= 1024 else {
      throw .doesNotFit(
        step: "\(model.name) with 1024 tokens", bytes: need.weights + need.activations + 1024 * need.statePerToken,
        device: device.name)
    }
    stateTokens = Int(min(free, 0x1p30))
  }

  /// Serves `requests`, which are in the order of their arrival.
  ///
  /// - Throws: ``PlannerError``.
  public func serve(_ requests: [SimulatedRequest], _ scheduler: NexusScheduler) throws(PlannerError) -> NexusReport {
    switch scheduler {
    case .shared(let policy):
      try policy.validate()
      return try NexusSimulation(costs, policy: policy, blocks: max(1, stateTokens / policy.blockTokens)).run(requests)
    case .chunked(let rows):
      var policy = ServingPolicy()
      policy.batchTokens = rows
      let blocks = stateTokens / policy.blockTokens
      let machine = try ServingMachine(costs.device.name, iterations: costs, blocks: blocks)
      var report = NexusReport()
      report.serving = try ServingSimulation([machine], policy: policy).run(requests)
      report.blocks = blocks
      return report
    }
  }

  /// Answers a second of a scheduler that never lacks requests.
  ///
  /// - Throws: ``PlannerError``.
  public func saturatedRate(
    _ workload: NexusWorkload, _ scheduler: NexusScheduler, requests count: Int, seed: UInt64 = 0
  ) throws(PlannerError) -> Double {
    guard (1...1 << 20).contains(count) else {
      throw .invalid(field: "requests", problem: "\(count) lies outside 1…2²⁰")
    }
    // All within moments.
    let requests = try workload.requests(rate: 1e3, seconds: Double(count) / 1e3, seed: seed)
    return try serve(requests, scheduler).serving.throughput
  }

  /// The highest rate, to a 64th of it, at which a scheduler keeps a limit; zero where it does not at 1/64 a second.
  ///
  /// - Parameters:
  ///   - workload: the requests.
  ///   - scheduler: how they are served.
  ///   - limit: what is to be kept.
  ///   - seconds: for how long requests arrive.
  ///   - seed: that of the requests.
  /// - Throws: ``PlannerError``.
  public func sustainedRate(
    _ workload: NexusWorkload, _ scheduler: NexusScheduler, limit: NexusLimit = .usual, seconds: Double,
    seed: UInt64 = 0
  ) throws(PlannerError) -> Double {
    func keeps(_ rate: Double) throws(PlannerError) -> Bool {
      let requests = try workload.requests(rate: rate, seconds: seconds, seed: seed)
      return limit.isMet(by: try serve(requests, scheduler))
    }
    var (low, high) = (0.0, 1.0 / 64)
    while high <= 4096, try keeps(high) { (low, high) = (high, 2 * high) }
    guard low > 0 else { return 0 }
    for _ in 0..<6 {
      let middle = (low + high) / 2
      if try keeps(middle) { low = middle } else { high = middle }
    }
    return low
  }
}
