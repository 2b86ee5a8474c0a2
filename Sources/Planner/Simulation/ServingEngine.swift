import NumericTypes

/// A run of a ``ServingSimulation``.
struct ServingEngine {
  enum Event {
    case arrival
    case iterationEnd(machine: Int32, epoch: UInt32)
    case received(sequence: Int32, epoch: UInt32)
    case failure(machine: Int32)
    case repair(machine: Int32)
  }

  /// A request in the system. Counts are of tokens, and of blocks where they say so.
  struct Sequence {
    enum Place: UInt8 {
      case line, prefilling, running, outgoing, moving, parked, gone
    }

    var place = Place.parked
    /// The machine that holds its state, or in whose line it waits.
    var machine = 0
    /// The machine that is to compute its tokens.
    var destination = 0
    /// Tokens that a prompt's computation must put into the cache.
    var target: Int
    var cached = 0
    /// Blocks held at `machine`, and reserved at `destination` for a move.
    var blocks = 0
    var reserved = 0
    /// Blocks that it counts for in the routing's accounts of both.
    var promisedHere = 0
    var promisedThere = 0
    /// Changes when its state is lost: what was on its way then does not arrive.
    var epoch: UInt32 = 0
    var times: TokenTimes
    var request: SimulatedRequest { times.request }
    var generated: Int { times.generated }

    init(_ request: SimulatedRequest) {
      times = TokenTimes(request)
      target = request.promptTokens
    }
  }

  struct Node {
    let machine: ServingMachine
    var role: ServingMachine.Role
    var slowdown = 1.0
    var random: Random
    /// Prompts that wait.
    var line = WaitingLine<Int>()
    /// Prompts under computation, with the tokens of each in this iteration.
    var prefilling: [Int] = []
    var chunks: [Int] = []
    /// Sequences that get tokens; the first `stepping` of them in this iteration.
    var running: [Int] = []
    var stepping = 0
    /// Sequences that came from elsewhere since the iteration began.
    var joining: [Int] = []
    /// Computed prompts that wait for room elsewhere, and those of others that wait for room here.
    var outgoing: [Int] = []
    var incoming = WaitingLine<Int>()
    /// States under way from here, and to here.
    var leaving: [Int] = []
    var arriving: [Int] = []
    var freeBlocks: Int
    var waitingTokens = 0
    var promised = 0
    var skips = 0
    var isBusy = false
    var isDown = false
    var epoch: UInt32 = 0
    var began = 0.0
    var batch = IterationBatch()
    var lastSeconds = 0.0
    var linkFree = 0.0

    init(_ machine: ServingMachine, random: Random) {
      self.machine = machine
      self.random = random
      role = machine.role
      freeBlocks = machine.blocks
    }
  }

  let policy: ServingPolicy
  let faults: ServingFaults?
  let mostSeconds: Double
  let mostSpans: Int
  let auditEvery: Int
  let requests: [SimulatedRequest]
  /// The blocks of the smallest machine: what does not fit there could be stuck.
  let leastBlocks: Int
  var queue = EventQueue<Event>()
  var sequences: [Sequence] = []
  var nodes: [Node]
  var parked: [Int] = []
  var report = ServingReport()
  var inSystem = 0
  /// Scheduled events that are not faults.
  var live = 0
  /// Machines whose repair is scheduled.
  var down = 0
  /// Whose turn it is, for each kind of work.
  var turns: [ServingMachine.Role: Int] = [:]

  init(_ simulation: ServingSimulation, _ requests: [SimulatedRequest], seed: UInt64) {
    policy = simulation.policy
    faults = simulation.faults
    mostSeconds = simulation.mostSeconds
    mostSpans = simulation.mostSpans
    auditEvery = simulation.auditEvery
    self.requests = requests
    leastBlocks = simulation.machines.map(\.blocks).min() ?? 0
    nodes = simulation.machines.enumerated().map { index, machine in
      // Streams 1 to 3 are the load's.
      Node(machine, random: Random(seed: seed, stream: UInt64(index) + 16))
    }
    report.machines = simulation.machines.map { ServingReport.Machine(name: $0.name) }
    report.answers.reserveCapacity(requests.count)
    sequences.reserveCapacity(requests.count)
  }

  func blocks(_ tokens: Int) -> Int { (tokens + policy.blockTokens - 1) / policy.blockTokens }

  mutating func run() throws(PlannerError) -> ServingReport {
    try scheduleFaults()
    if let first = requests.first { try schedule(.arrival, at: first.arrival) }
    while report.arrived < requests.count || inSystem > 0, let event = queue.next() {
      guard queue.now <= mostSeconds else { break }
      report.seconds = queue.now
      switch event {
      case .arrival:
        live -= 1
        try arrive()
      case .iterationEnd(let machine, let epoch):
        live -= 1
        if nodes[Int(machine)].epoch == epoch { try finishIteration(Int(machine)) }
      case .received(let sequence, let epoch):
        live -= 1
        if sequences[Int(sequence)].epoch == epoch { try receive(Int(sequence)) }
      case .failure(let machine): try fail(Int(machine))
      case .repair(let machine): try repair(Int(machine))
      }
      if live == 0, inSystem > 0 { try unstick() }
      if queue.taken % UInt64(auditEvery) == 0 { try audit() }
    }
    report.unfinished = inSystem
    report.events = queue.taken
    try audit()
    return report
  }

  /// Schedules an event that is no fault.
  mutating func schedule(_ event: Event, at time: Double) throws(PlannerError) {
    live += 1
    try queue.schedule(event, at: time)
  }

  private mutating func arrive() throws(PlannerError) {
    let request = requests[report.arrived]
    let index = sequences.count
    report.arrived += 1
    if report.arrived < requests.count { try schedule(.arrival, at: requests[report.arrived].arrival) }
    sequences.append(Sequence(request))
    guard blocks(request.promptTokens + request.outputTokens) <= leastBlocks else {
      sequences[index].place = .gone
      report.rejected += 1
      return
    }
    inSystem += 1
    try route(index)
  }

  // MARK: Laws

  /// Checks every account against a count of its own.
  ///
  /// - Throws: ``PlannerError/brokenLaw(_:at:)``.
  func audit() throws(PlannerError) {
    func law(_ holds: Bool, _ text: @autoclosure () -> String) throws(PlannerError) {
      if !holds { throw .brokenLaw(text(), at: queue.now) }
    }
    try law(
      report.arrived == report.answers.count + report.rejected + inSystem,
      "\(report.arrived) came, \(report.answers.count) were answered, \(report.rejected) rejected, \(inSystem) are here"
    )
    var (held, promised, waiting) = (
      [Int](repeating: 0, count: nodes.count), [Int](repeating: 0, count: nodes.count),
      [Int](repeating: 0, count: nodes.count)
    )
    var present = 0
    for sequence in sequences where sequence.place != .gone {
      present += 1
      held[sequence.machine] += sequence.blocks
      held[sequence.destination] += sequence.reserved
      promised[sequence.machine] += sequence.promisedHere
      promised[sequence.destination] += sequence.promisedThere
      if sequence.place == .line || sequence.place == .prefilling {
        waiting[sequence.machine] += sequence.target - sequence.cached
      }
      try law(
        sequence.cached <= sequence.blocks * policy.blockTokens,
        "\(sequence.cached) tokens in \(sequence.blocks) blocks of \(policy.blockTokens)")
    }
    try law(present == inSystem, "\(present) sequences are in the system, not \(inSystem)")
    for (index, node) in nodes.enumerated() {
      let name = node.machine.name
      try law(
        node.freeBlocks >= 0 && node.freeBlocks + held[index] == node.machine.blocks,
        "\(name) has \(node.freeBlocks) free and \(held[index]) held blocks of \(node.machine.blocks)")
      try law(
        promised[index] == node.promised, "\(name) has promised \(promised[index]) blocks, not \(node.promised)")
      try law(
        waiting[index] == node.waitingTokens,
        "\(waiting[index]) prompt tokens wait at \(name), not \(node.waitingTokens)")
    }
    let moving = sequences.reduce(0.0) {
      $0 + ($1.place == .moving ? Double($1.cached) * policy.stateBytes : 0)
    }
    let arrived = report.receivedBytes + report.lostBytes + moving
    try law(
      abs(report.sentBytes - arrived) <= 1e-9 * max(1, report.sentBytes),
      "\(report.sentBytes) bytes of state were sent, \(arrived) are accounted for")
  }
}
