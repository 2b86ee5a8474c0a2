/// A run of a ``NexusSimulation``.
struct NexusEngine {
  enum Phase: Int8 {
    case prompts, tokens
  }

  enum Event {
    case arrival
    case end(Phase, epoch: UInt32)
  }

  /// A request in the system; counts are of tokens, and of blocks where they say so.
  struct Sequence {
    /// Tokens that a prompt's computation must put into the cache.
    var target: Int
    var cached = 0
    var blocks = 0
    var isGone = false
    var times: TokenTimes
    var request: SimulatedRequest { times.request }
    var generated: Int { times.generated }

    init(_ request: SimulatedRequest) {
      times = TokenTimes(request)
      target = request.promptTokens
    }
  }

  /// The iterations of a phase.
  struct Stream {
    var isBusy = false
    var batch = IterationBatch()
    /// The sequences of the iteration; of prompts with the tokens of each.
    var members: [Int] = []
    var chunks: [Int] = []
    /// Percent of the device that it took when the iteration began.
    var percent = 50
    /// What of the iteration is left, as a part of it, and seconds of a whole one at the speed of now.
    var left = 0.0
    var seconds = 0.0
    var began = 0.0
    var epoch: UInt32 = 0
  }

  let costs: NexusCosts
  let policy: NexusPolicy
  let auditEvery: Int
  let requests: [SimulatedRequest]
  var controller: NexusController
  var queue = EventQueue<Event>()
  var sequences: [Sequence] = []
  /// Prompts that are not computed in full, in no order, and sequences that get tokens, in the order in which they began to.
  var waiting: [Int] = []
  var running: [Int] = []
  var prompts = Stream()
  var tokens = Stream()
  var freeBlocks: Int
  var inSystem = 0
  var updated = 0.0
  var percentSeconds = 0.0
  var decodeFirstSeconds = 0.0
  var report = NexusReport()

  init(_ simulation: NexusSimulation, _ requests: [SimulatedRequest]) throws(PlannerError) {
    costs = simulation.costs
    policy = simulation.policy
    auditEvery = simulation.auditEvery
    self.requests = requests
    controller = try NexusController(simulation.policy)
    freeBlocks = simulation.blocks
    report.blocks = simulation.blocks
    report.serving.machines = ["prompts", "tokens"].map { ServingReport.Machine(name: $0) }
    sequences.reserveCapacity(requests.count)
  }

  func blocks(_ tokens: Int) -> Int { (tokens + policy.blockTokens - 1) / policy.blockTokens }

  mutating func run() throws(PlannerError) -> NexusReport {
    if let first = requests.first { try queue.schedule(.arrival, at: first.arrival) }
    while let event = queue.next() {
      switch event {
      case .arrival:
        try arrive()
      case .end(let phase, let epoch):
        guard epoch == (phase == .prompts ? prompts : tokens).epoch else { continue }
        advance()
        if phase == .prompts { finishPrompts() } else { finishTokens() }
      }
      report.serving.seconds = queue.now
      advance()
      // Tokens first: they have a right to the blocks that prompts would take.
      if !tokens.isBusy { beginTokens() }
      if !prompts.isBusy { beginPrompts() }
      try rescale()
      if queue.taken % UInt64(auditEvery) == 0 { try audit() }
    }
    guard inSystem == 0 else { throw .brokenLaw("\(inSystem) requests are here and nothing runs", at: queue.now) }
    try audit()
    report.serving.events = queue.taken
    report.decisions = controller.decisions
    report.switches = controller.switches
    report.evaluations = controller.evaluations
    report.infeasible = controller.infeasible
    if report.sharedSeconds > 0 {
      report.decodeFirstShare = decodeFirstSeconds / report.sharedSeconds
      report.promptPercent = percentSeconds / report.sharedSeconds
    }
    return report
  }

  private mutating func arrive() throws(PlannerError) {
    let request = requests[report.serving.arrived]
    report.serving.arrived += 1
    if report.serving.arrived < requests.count {
      try queue.schedule(.arrival, at: requests[report.serving.arrived].arrival)
    }
    sequences.append(Sequence(request))
    guard blocks(request.promptTokens + request.outputTokens) <= report.blocks else {
      sequences[sequences.count - 1].isGone = true
      report.serving.rejected += 1
      return
    }
    inSystem += 1
    waiting.append(sequences.count - 1)
  }

  // MARK: Time

  /// The parts of the device that both have now: all of it where the other rests; two that together took more than there is, as the
  /// one began before the other gave way, in proportion.
  private var shares: (prompts: Double, tokens: Double) {
    guard prompts.isBusy, tokens.isBusy else { return (1, 1) }
    let sum = Double(max(100, prompts.percent + tokens.percent))
    return (Double(prompts.percent) / sum, Double(tokens.percent) / sum)
  }

  /// Takes what was done since the last event from what is left.
  private mutating func advance() {
    let passed = queue.now - updated
    updated = queue.now
    guard passed > 0 else { return }
    if prompts.isBusy { prompts.left = max(0, prompts.left - passed / prompts.seconds) }
    if tokens.isBusy { tokens.left = max(0, tokens.left - passed / tokens.seconds) }
    if prompts.isBusy, tokens.isBusy {
      report.sharedSeconds += passed
      percentSeconds += passed * 100 * shares.prompts
      if controller.mode == .decodeFirst { decodeFirstSeconds += passed }
    }
  }

  /// Schedules the ends of iterations whose speed is another than it was.
  private mutating func rescale() throws(PlannerError) {
    let shares = shares
    if prompts.isBusy {
      let seconds = costs.prefill(prompts.batch, share: shares.prompts).seconds
      try schedule(.prompts, seconds)
    }
    if tokens.isBusy {
      let bandwidth =
        prompts.isBusy ? costs.bandwidthShare(of: tokens.batch, beside: prompts.batch, promptShare: shares.prompts) : 1
      let seconds = costs.decode(tokens.batch, share: shares.tokens, bandwidthShare: bandwidth).seconds
      try schedule(.tokens, seconds)
    }
  }

  private mutating func schedule(_ phase: Phase, _ seconds: Double) throws(PlannerError) {
    let path: WritableKeyPath<Self, Stream> = phase == .prompts ? \.prompts : \.tokens
    guard self[keyPath: path].seconds != seconds else { return }
    guard seconds > 0, seconds < 1e12 else {
      throw .invalid(field: "costs", problem: "\(seconds) s for \(self[keyPath: path].batch)")
    }
    self[keyPath: path].seconds = seconds
    self[keyPath: path].epoch &+= 1
    try queue.schedule(
      .end(phase, epoch: self[keyPath: path].epoch), at: queue.now + self[keyPath: path].left * seconds)
  }

  // MARK: Laws

  /// Checks every account against a count of its own.
  ///
  /// - Throws: ``PlannerError/brokenLaw(_:at:)``.
  private func audit() throws(PlannerError) {
    let held = sequences.reduce(0) { $0 + $1.blocks }
    guard freeBlocks >= 0, freeBlocks + held == report.blocks else {
      throw .brokenLaw("\(freeBlocks) free and \(held) held blocks of \(report.blocks)", at: queue.now)
    }
    guard sequences.allSatisfy({ $0.cached <= $0.blocks * policy.blockTokens }) else {
      throw .brokenLaw("a sequence has more tokens than its blocks hold", at: queue.now)
    }
    let present = sequences.count { !$0.isGone }
    let placed = waiting.count + running.count
    guard
      report.serving.arrived == report.serving.answers.count + report.serving.rejected + inSystem,
      present == inSystem, placed == inSystem
    else {
      throw .brokenLaw(
        "\(report.serving.arrived) came, \(report.serving.answers.count) were answered, \(report.serving.rejected) rejected, "
          + "\(inSystem) are here, \(placed) of them in a line", at: queue.now)
    }
  }
}
