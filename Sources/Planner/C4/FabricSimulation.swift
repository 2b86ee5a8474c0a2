/// Jobs on a fabric, simulated by flows: rates are max-min fair and change when a flow starts, ends or moves.
///
/// An operation begins all flows of its job's rings together and ends with the last of them. Jobs go on until each has its measured
/// operations, so that the load does not fade while the slowest are still measured.
public struct FabricSimulation: Sendable {
  /// The jobs.
  public let jobs: [FabricJob]
  /// The paths at the beginning.
  public let plan: FabricPlan
  /// What breaks, and when, in seconds.
  public var failures: [(seconds: Double, failure: FabricFailure)]
  /// Whether the queue pairs of a connection get bytes by the rates that they had in the operation before; else alike.
  public var shiftsBytes: Bool
  /// Rates that may be found anew before a simulation is given up.
  public var fillingLimit = 2_000_000

  /// A simulation.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for what cannot be, and where the fabric is parted.
  public init(
    _ jobs: [FabricJob], over catalogue: PathCatalogue, routing: FabricRouting, queuePairs: Int = 4,
    shiftsBytes: Bool = false, failures: [(seconds: Double, failure: FabricFailure)] = []
  ) throws(PlannerError) {
    plan = try FabricPlan(jobs, over: catalogue, routing: routing, queuePairs: queuePairs)
    for (place, event) in failures.enumerated() where !(event.seconds >= 0 && event.seconds <= 1e9) {
      throw .invalid(field: "failures[\(place)].seconds", problem: "\(event.seconds) lies outside 0…10⁹")
    }
    self.jobs = jobs
    self.shiftsBytes = shiftsBytes
    self.failures = failures
  }

  /// Simulates.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` where a failure parts the fabric, or events do not end;
  ///   ``PlannerError/brokenLaw(_:at:)`` where more goes over a link than it carries, or more leaves a leaf than reaches it.
  public func run() throws(PlannerError) -> FabricReport {
    var engine = try FabricEngine(self)
    return try engine.run()
  }
}

struct FabricEngine {
  private enum Event {
    case begin(job: Int)
    case rates(generation: Int)
    case failure(Int)
  }

  private struct Running {
    var flow: Int
    var left: Double
    var rate = 0.0
  }

  private struct JobState {
    var flows: Range<Int>
    var linkBytes: Double
    var active = 0
    var began = 0.0
    /// Each flow's part of its connection's bytes, and when it ended, from the job's first flow on.
    var shares: [Double]
    var ends: [Double]
  }

  private let simulation: FabricSimulation
  private let capacities: [Double]
  private let queuePairs: Int
  private var plan: FabricPlan
  private var filling: MaxMinRates.Filling
  private var queue = EventQueue<Event>()
  private var running: [Running] = []
  private var states: [JobState] = []
  private var report: FabricReport
  private var generation = 0
  /// What goes over each link; zeros between two fillings.
  private var sums: [Double]
  private var clock = 0.0
  private var delivered = 0.0

  init(_ simulation: FabricSimulation) throws(PlannerError) {
    self.simulation = simulation
    plan = simulation.plan
    let topology = plan.catalogue.topology
    capacities = topology.capacities
    filling = MaxMinRates.Filling(capacities)
    sums = [Double](repeating: 0, count: capacities.count)
    report = FabricReport(
      jobs: [], bytes: [Double](repeating: 0, count: capacities.count),
      peaks: [Double](repeating: 0, count: capacities.count), plan: plan)
    var first = 0
    var pairs = 1
    for (place, job) in simulation.jobs.enumerated() {
      let connections = job.nodes.count * topology.cards
      let count = plan.flows[first...].prefix { $0.job == place }.count
      pairs = count / connections
      let bytes = try job.linkBytes(on: topology)
      states.append(
        JobState(
          flows: first..<first + count, linkBytes: bytes,
          shares: [Double](repeating: 1 / Double(pairs), count: count), ends: [Double](repeating: 0, count: count)))
      report.jobs.append(FabricReport.Job(name: job.name, nodeBytes: bytes * Double(topology.cards)))
      first += count
    }
    queuePairs = pairs
  }

  mutating func run() throws(PlannerError) -> FabricReport {
    for (place, event) in simulation.failures.enumerated() { try queue.schedule(.failure(place), at: event.seconds) }
    for (place, job) in simulation.jobs.enumerated() {
      try queue.schedule(.begin(job: place), at: job.start + job.compute)
    }
    while report.jobs.indices.contains(where: { report.jobs[$0].operations.count < simulation.jobs[$0].operations }) {
      guard let event = queue.next() else {
        throw .brokenLaw("jobs that have not ended have something to wait for", at: clock)
      }
      if case .rates(let stamp) = event, stamp != generation { continue }
      advance()
      switch event {
      case .begin(let job): begin(job)
      case .failure(let place):
        report.moved += try plan.fail(simulation.failures[place].failure).count
      case .rates: try finish()
      }
      try setRates()
    }
    report.seconds = report.jobs.map(\.finish).max() ?? 0
    report.plan = plan
    try checkConservation()
    return report
  }

  private mutating func advance() {
    let step = queue.now - clock
    clock = queue.now
    guard step > 0 else { return }
    for place in running.indices {
      let bytes = min(running[place].left, running[place].rate * step)
      running[place].left -= bytes
      delivered += bytes
      for link in plan.paths[running[place].flow].links { report.bytes[link] += bytes }
    }
  }

  private mutating func begin(_ job: Int) {
    states[job].began = clock
    states[job].active = states[job].flows.count
    for (place, flow) in states[job].flows.enumerated() {
      running.append(Running(flow: flow, left: states[job].linkBytes * states[job].shares[place]))
    }
  }

  /// Ends the flows that have next to nothing left.
  private mutating func finish() throws(PlannerError) {
    var ended: [Int] = []
    var others: [Running] = []
    others.reserveCapacity(running.count)
    for item in running {
      let job = plan.flows[item.flow].job
      guard item.left <= 1e-9 * states[job].linkBytes else {
        others.append(item)
        continue
      }
      states[job].ends[item.flow - states[job].flows.lowerBound] = clock
      states[job].active -= 1
      if states[job].active == 0 { ended.append(job) }
    }
    running = others
    for job in ended {
      if report.jobs[job].operations.count < simulation.jobs[job].operations {
        report.jobs[job].operations.append(clock - states[job].began)
        report.jobs[job].finish = clock
      }
      if simulation.shiftsBytes { shift(job) }
      try queue.schedule(.begin(job: job), at: clock + simulation.jobs[job].compute)
    }
  }

  /// Divides the bytes of each connection by the rates that its queue pairs had.
  private mutating func shift(_ job: Int) {
    let count = queuePairs
    for first in stride(from: 0, to: states[job].shares.count, by: count) {
      let rates = (first..<first + count).map {
        states[job].shares[$0] / max(states[job].ends[$0] - states[job].began, 1e-12)
      }
      let sum = rates.reduce(0, +)
      for (place, rate) in rates.enumerated() { states[job].shares[first + place] = rate / sum }
    }
  }

  private mutating func setRates() throws(PlannerError) {
    generation += 1
    guard !running.isEmpty else { return }
    report.fillings += 1
    guard report.fillings <= simulation.fillingLimit else {
      throw .invalid(field: "operations", problem: "more than \(simulation.fillingLimit) changes of rates")
    }
    let paths = running.map { plan.paths[$0.flow].links }
    let rates = filling.rates(paths)
    var next = Double.infinity
    for (place, rate) in rates.enumerated() {
      running[place].rate = rate
      next = min(next, running[place].left / rate)
      for link in paths[place] { sums[link] += rate }
    }
    for link in paths.joined() where sums[link] > 0 {
      let sum = sums[link]
      sums[link] = 0
      guard sum <= capacities[link] * (1 + 1e-9) else {
        throw .brokenLaw("\(plan.catalogue.topology.link(at: link)) carries \(sum) of \(capacities[link])", at: clock)
      }
      report.peaks[link] = max(report.peaks[link], sum / capacities[link])
    }
    guard next < .infinity else { throw .brokenLaw("every flow has a rate", at: clock) }
    // Nothing ends between two numbers that cannot be told apart.
    try queue.schedule(.rates(generation: generation), at: max(clock + next, clock.nextUp))
  }

  /// What enters a leaf or a spine leaves it, and all that was delivered left a port and reached one.
  private func checkConservation() throws(PlannerError) {
    let topology = plan.catalogue.topology
    var leaves = [Double](repeating: 0, count: topology.leaves)
    var spines = [Double](repeating: 0, count: topology.spines)
    var (sent, received) = (0.0, 0.0)
    for (place, bytes) in report.bytes.enumerated() where bytes > 0 {
      switch topology.link(at: place) {
      case .portUp(let card, let side):
        leaves[topology.leaf(node: card.node, side: side)] += bytes
        sent += bytes
      case .portDown(let card, let side):
        leaves[topology.leaf(node: card.node, side: side)] -= bytes
        received += bytes
      case .leafUp(let leaf, let spine):
        leaves[leaf] -= bytes
        spines[spine] += bytes
      case .leafDown(let leaf, let spine):
        leaves[leaf] += bytes
        spines[spine] -= bytes
      }
    }
    let tolerance = 1e-9 * max(1, delivered)
    guard abs(sent - delivered) <= tolerance, abs(received - delivered) <= tolerance,
      (leaves + spines).allSatisfy({ abs($0) <= tolerance })
    else { throw .brokenLaw("what enters a switch leaves it", at: clock) }
  }
}
