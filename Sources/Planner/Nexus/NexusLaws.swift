import NumericTypes

/// What must hold of the search, the controller and the simulation, put to the proof: by the tests in short, by the reproduction at
/// length.
package enum NexusLaws {
  /// Seconds of a phase on 1 to 100 percent, drawn at random. Monotone: no more percent makes it slower, some change nothing, and
  /// some change much.
  private static func curve(_ random: inout Random, isMonotone: Bool) -> [Double] {
    var seconds = [Double](repeating: 0, count: 101)
    seconds[100] = 0.001 + random.uniform()
    for percent in stride(from: 99, through: 0, by: -1) {
      let draw = random.uniform()
      let step = draw < 0.3 ? 0 : draw < 0.9 ? 0.05 * random.uniform() : random.uniform()
      seconds[percent] = isMonotone ? seconds[percent + 1] * (1 + step) : 0.001 + random.uniform()
    }
    return seconds
  }

  /// How the search compares with a look at all percents.
  ///
  /// - Returns: of models that are monotone, those in which both agree, and those in which some percent keeps the promise; of
  ///   models that are not, those whose start keeps the promise, and those of them whose end does.
  package static func searches(cases: Range<UInt64>) -> (equal: Int, feasible: Int, starts: Int, kept: Int) {
    var counts = (equal: 0, feasible: 0, starts: 0, kept: 0)
    for seed in cases {
      var random = Random(seed: seed, stream: 78)
      let slack = 1 + 3 * random.uniform() * random.uniform()
      let start = 1 + Int(random.uniform() * 99)
      let (first, other) = (curve(&random, isMonotone: true), curve(&random, isMonotone: true))
      let found = NexusSplit.greedy(from: start, slack: slack) { other[$0] }
      let best = NexusSplit.exhaustive(slack: slack, first: { first[$0] }, other: { other[$0] })
      if found.percent == best.percent, found.isFeasible == best.isFeasible { counts.equal += 1 }
      if best.isFeasible { counts.feasible += 1 }
      let wild = curve(&random, isMonotone: false)
      guard wild[100 - start] <= slack * wild[100] else { continue }
      counts.starts += 1
      let end = NexusSplit.greedy(from: start, slack: slack) { wild[$0] }
      if end.isFeasible, wild[100 - end.percent] <= slack * wild[100] { counts.kept += 1 }
    }
    return counts
  }

  /// Seconds that a prompt of 2000 tokens, which comes at the tenth second, waits for its first token among prompts of 500 that ask
  /// for a tenth more than the device has, for `seconds`.
  ///
  /// - Throws: ``PlannerError``.
  package static func wait(_ plan: NexusPlan, ageing: Double, seconds: Double) throws(PlannerError) -> Double {
    let rate = 1.1 / plan.costs.prefill(IterationBatch(promptTokens: 500), share: 1).seconds
    var requests = (0..<Int(seconds * rate)).map {
      SimulatedRequest(arrival: Double($0) / rate, promptTokens: 500, outputTokens: 1)
    }
    let long = SimulatedRequest(arrival: 10, promptTokens: 2000, outputTokens: 1)
    requests.insert(long, at: requests.firstIndex { $0.arrival > long.arrival } ?? requests.count)
    var policy = NexusPolicy()
    policy.prompts = .shortest(ageing: ageing)
    // One prompt at a time: otherwise pairs of short ones are faster than the rate supposes.
    policy.promptTokens = 500
    let report = try plan.serve(requests, .shared(policy))
    guard let answer = report.serving.answers.first(where: { $0.request == long }) else { return .infinity }
    return answer.firstToken
  }

  /// A load that goes to and fro between two numbers of sequences beside the same prompt.
  ///
  /// - Returns: the percents of prompts for each by a search from where the other left it, and how often a controller of the policy
  ///   switched in `turns` turns, once it had settled on the first.
  /// - Throws: ``PlannerError``.
  package static func squareWave(
    _ costs: NexusCosts, _ policy: NexusPolicy = NexusPolicy(), sequences: (Int, Int), turns: Int
  ) throws(PlannerError) -> (percents: (Int, Int), switches: Int) {
    let prompts = IterationBatch(promptTokens: 2048)
    let loads = [sequences.0, sequences.1].map { IterationBatch(sequences: $0, contextTokens: 1024 * $0) }
    var free = policy
    free.hysteresis = 0
    var searcher = try NexusController(free)
    var percents: [Int] = []
    for load in loads {
      searcher.decide(costs, prompts: prompts, tokens: load, stateShare: 0)
      percents.append(searcher.promptPercent)
    }
    var controller = try NexusController(policy)
    // From 50 % it may be less than δ to the first load's percent: then it settles at 50.
    controller.decide(costs, prompts: prompts, tokens: loads[0], stateShare: 0)
    let settled = controller.switches
    for turn in 1...max(1, turns) { controller.decide(costs, prompts: prompts, tokens: loads[turn % 2], stateShare: 0) }
    return ((percents[0], percents[1]), controller.switches - settled)
  }

  /// Random services in little memory, every account checked every few events.
  ///
  /// - Returns: the runs, preemptions in all, and the runs in which tokens came first for a while.
  /// - Throws: ``PlannerError/brokenLaw(_:at:)``.
  package static func storms(
    _ costs: NexusCosts, cases: Range<UInt64>
  ) throws(PlannerError) -> (runs: Int, preemptions: Int, decodeFirst: Int) {
    var counts = (runs: 0, preemptions: 0, decodeFirst: 0)
    for seed in cases {
      var random = Random(seed: seed, stream: 79)
      func whole(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(random.uniform() * Double(range.count))
      }
      var policy = NexusPolicy()
      policy.blockTokens = whole(1...16)
      policy.promptTokens = whole(16...2048)
      policy.batchSequences = whole(1...40)
      policy.hysteresis = whole(0...10)
      policy.sharing = random.uniform() < 0.2 ? .fixed(whole(1...99)) : .searched
      policy.prompts = random.uniform() < 0.3 ? .arrival : .shortest(ageing: 100 * random.uniform())
      var simulation = try NexusSimulation(costs, policy: policy, blocks: whole(20...400))
      simulation.auditEvery = whole(1...20)
      var time = 0.0
      let requests = (0..<whole(1...80)).map { _ in
        if random.uniform() > 0.2 { time += random.exponential(mean: 0.05) }
        return SimulatedRequest(arrival: time, promptTokens: whole(1...600), outputTokens: whole(1...200))
      }
      let report = try simulation.run(requests)
      counts.runs += 1
      counts.preemptions += report.serving.preemptions
      if report.decodeFirstShare > 0 { counts.decodeFirst += 1 }
      guard report.serving.answers.count + report.serving.rejected == requests.count, report.mostState <= 1 else {
        throw .brokenLaw("case \(seed): \(report.serving.answers.count) answers of \(requests.count)", at: time)
      }
    }
    return counts
  }
}
