import NumericTypes

/// What must hold of the simulator, put to the proof: by the tests in short, by the reproduction at length.
package enum SimulationLaws {
  /// A queue beside its formula.
  package struct Wait: Sendable {
    /// The queue.
    package var queue: QueueSimulation
    /// The mean wait that was simulated.
    package var simulated: Double
    /// The one that theory gives.
    package var expected: Double
    /// By how much they differ, as a part of the latter.
    package var error: Double { abs(simulated / expected - 1) }
  }

  /// M/M/1, M/D/1 and M/M/4 at each load, each simulated `pairs` times with `customers` and mirrored.
  package static func waits(
    loads: [Double], customers: Int, pairs: Int, threads: Int
  ) throws(PlannerError) -> [Wait] {
    var queues: [QueueSimulation] = []
    for load in loads {
      queues.append(try QueueSimulation(arrivalRate: load, service: .exponential))
      queues.append(try QueueSimulation(arrivalRate: load, service: .constant))
      queues.append(try QueueSimulation(servers: 4, arrivalRate: 4 * load, service: .exponential))
    }
    return try SimulationSweep.map(queues, threads: threads) { queue throws(PlannerError) in
      var sum = 0.0
      for pair in 0..<pairs {
        for mirrored in [false, true] {
          sum += try queue.run(customers: customers, seed: UInt64(pair) + 1, mirrored: mirrored).meanWait
        }
      }
      return Wait(queue: queue, simulated: sum / Double(2 * pairs), expected: queue.expectedWait ?? .nan)
    }
  }

  /// Iterations whose time grows with all that is in them.
  private struct Affine: IterationTimes {
    var base: Double
    var prompt: Double
    var sequence: Double
    var context: Double

    func seconds(of batch: IterationBatch) -> Double {
      base + prompt * Double(batch.promptTokens) + sequence * Double(batch.sequences)
        + context * Double(batch.contextTokens)
    }
  }

  /// A cluster and its requests, drawn at random: one to six machines of any roles, memory for few sequences or many,
  /// any policy, faults in a third of the cases.
  package static func randomCase(
    _ seed: UInt64, most: Int = 60
  ) throws(PlannerError) -> (simulation: ServingSimulation, requests: [SimulatedRequest]) {
    var random = Random(seed: seed, stream: 99)
    func whole(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(random.uniform() * Double(range.count))
    }
    func part(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
    func chance(_ share: Double) -> Bool { random.uniform() < share }
    var policy = ServingPolicy()
    policy.blockTokens = whole(1...16)
    policy.batchTokens = whole(1...200)
    policy.batchSequences = whole(1...20)
    policy.mostSkips = whole(1...4)
    policy.stateBytes = chance(0.2) ? 0 : part(1, 1000)
    policy.order = chance(0.5) ? .tokensFirst : .promptsFirst
    policy.router = ServingPolicy.Router.allCases[whole(0...2)]
    policy.transfer =
      chance(0.5)
      ? .serial(latency: chance(0.5) ? 0 : part(0, 0.1))
      : .layerwise(rest: part(0, 0.05), slowdown: part(0, 0.1))
    let isSplit = chance(0.6)
    if isSplit, chance(0.5) { policy.borrowing = ServingPolicy.Borrowing(promptTokens: whole(1...500)) }
    let count = isSplit ? whole(2...6) : whole(1...6)
    var machines: [ServingMachine] = []
    for index in 0..<count {
      let role: ServingMachine.Role =
        !isSplit ? .both : index == 0 ? .prompts : index == 1 ? .tokens : [.prompts, .tokens, .both][whole(0...2)]
      let times = Affine(
        base: part(0.001, 0.05), prompt: part(0, 0.001), sequence: part(0, 0.002), context: part(0, 0.0001))
      machines.append(
        try ServingMachine(
          "\(index)", role: role, iterations: times, blocks: whole(1...(chance(0.5) ? 40 : 400)), link: part(1e3, 1e6)))
    }
    let faults =
      chance(0.33)
      ? try ServingFaults(
        secondsBetweenFailures: chance(0.2) ? nil : part(2, 60), repairSeconds: part(0.1, 20),
        stragglers: part(0, 0.5), slowdown: part(1, 5)) : nil
    var simulation = try ServingSimulation(machines, policy: policy, faults: faults)
    simulation.auditEvery = whole(1...50)
    // Where machines fail faster than they answer there is no end.
    if faults != nil || chance(0.1) { simulation.mostSeconds = part(1, 200) }
    let longest = (prompt: whole(1...300), output: whole(1...60))
    var time = 0.0
    let requests = (0..<whole(0...most)).map { _ in
      // Some come at the same moment.
      if !chance(0.2) { time += random.exponential(mean: 0.1) }
      return SimulatedRequest(
        arrival: time, promptTokens: whole(1...longest.prompt), outputTokens: whole(1...longest.output))
    }
    return (simulation, requests)
  }

  /// Runs random cases; every account is checked inside, and here that all that could be answered was.
  ///
  /// - Returns: events in all, and the cases with preemptions, moves, failures and borrowed machines among them.
  /// - Throws: ``PlannerError/brokenLaw(_:at:)``.
  package static func conservation(
    cases: Range<UInt64>, threads: Int
  ) throws(PlannerError) -> (events: UInt64, preempted: Int, moved: Int, failed: Int, borrowed: Int) {
    let reports = try SimulationSweep.map(Array(cases), threads: threads) { seed throws(PlannerError) in
      let (simulation, requests) = try randomCase(seed)
      var report = try simulation.run(requests, seed: seed)
      if simulation.mostSeconds == .infinity, report.unfinished > 0 || report.arrived != requests.count {
        throw .brokenLaw("case \(seed): \(report.unfinished) requests were left", at: report.seconds)
      }
      for answer in report.answers
      where
        !(answer.firstToken > 0 && answer.lastToken >= answer.firstToken && answer.longestGap >= answer.meanGap - 1e-9)
      {
        throw .brokenLaw("case \(seed): \(answer) is no answer", at: report.seconds)
      }
      report.answers = []
      return report
    }
    return (
      reports.reduce(0) { $0 + $1.events }, reports.count { $0.preemptions > 0 }, reports.count { $0.transfers > 0 },
      reports.count { $0.machines.contains { $0.failures > 0 } },
      reports.count { $0.machines.contains { $0.borrowed > 0 } }
    )
  }
}
