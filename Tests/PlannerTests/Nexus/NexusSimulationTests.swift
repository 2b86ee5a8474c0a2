import Planner
import Testing

@Suite("Nexus simulation") struct NexusSimulationTests {
  private let plan: NexusPlan

  init() throws { plan = try NexusPrediction.plan() }

  @Test("One request alone has the whole device, by hand")
  func alone() throws {
    // A chunk of 2048 and one of 952, then nine tokens.
    let request = SimulatedRequest(arrival: 1, promptTokens: 3000, outputTokens: 10)
    let report = try plan.serve([request], .shared(NexusPolicy()))
    let answer = try #require(report.serving.answers.first)
    var rest = IterationBatch(promptTokens: 952)
    rest.promptPast = 2048
    rest.promptPairs += 952 * 2048
    let costs = plan.costs
    let first =
      costs.prefill(IterationBatch(promptTokens: 2048), share: 1).seconds + costs.prefill(rest, share: 1).seconds
    #expect(abs(answer.firstToken / first - 1) < 1e-9)
    let tokens = (0..<9).reduce(0.0) {
      $0 + costs.decode(IterationBatch(sequences: 1, contextTokens: 3000 + $1), share: 1).seconds
    }
    #expect(abs((answer.lastToken - answer.firstToken) / tokens - 1) < 1e-9)
    #expect(report.sharedSeconds == 0 && report.decisions == 0)
  }

  @Test("Two phases on a fixed division, by hand")
  func two() throws {
    // The first's tokens begin when the second's prompt does; these tokens are few and end within it.
    let requests = [
      SimulatedRequest(arrival: 0, promptTokens: 1500, outputTokens: 3),
      SimulatedRequest(arrival: 0, promptTokens: 2000, outputTokens: 1),
    ]
    var policy = NexusPolicy()
    policy.sharing = .fixed(60)
    let report = try plan.serve(requests, .shared(policy))
    let costs = plan.costs
    let (first, second) = (IterationBatch(promptTokens: 1500), IterationBatch(promptTokens: 2000))
    let start = costs.prefill(first, share: 1).seconds
    let tokens = (0..<2).reduce(0.0) { sum, step in
      let batch = IterationBatch(sequences: 1, contextTokens: 1500 + step)
      let bandwidth = costs.bandwidthShare(of: batch, beside: second, promptShare: 0.6)
      return sum + costs.decode(batch, share: 0.4, bandwidthShare: bandwidth).seconds
    }
    // What is left of the prompt has the whole device.
    let left = 1 - tokens / costs.prefill(second, share: 0.6).seconds
    #expect(left > 0.1)
    let end = start + tokens + left * costs.prefill(second, share: 1).seconds
    let answers = report.serving.answers
    #expect(answers.count == 2 && answers[0].request == requests[0])
    #expect(abs(answers[0].lastToken / (start + tokens) - 1) < 1e-9)
    #expect(abs(answers[1].firstToken / end - 1) < 1e-9)
    #expect(abs(report.sharedSeconds / tokens - 1) < 1e-9 && abs(report.promptPercent - 60) < 1e-9)
  }

  @Test("Accounts hold in storms of preemption, and all is answered")
  func storms() throws {
    let counts = try NexusLaws.storms(plan.costs, cases: 0..<120)
    #expect(counts.runs == 120 && counts.preemptions > 100 && counts.decodeFirst > 10)
  }

  @Test("Without ageing a long prompt starves among short ones, with it it does not")
  func starvation() throws {
    let seconds = 150.0
    let aged = try NexusLaws.wait(plan, ageing: 50, seconds: seconds)
    // 1500 tokens at 50 a second are 30 s; what came until then is served first, a tenth more than there is time for.
    #expect(aged > 30 && aged < 1.1 * 40 - 10 + 2)
    #expect(try NexusLaws.wait(plan, ageing: 0, seconds: seconds) > seconds - 10)
  }

  @Test("What does not fit at all is rejected, what just fits is answered")
  func room() throws {
    let simulation = try NexusSimulation(plan.costs, blocks: 10)
    let report = try simulation.run([
      SimulatedRequest(arrival: 0, promptTokens: 150, outputTokens: 11),
      SimulatedRequest(arrival: 0, promptTokens: 150, outputTokens: 10),
      SimulatedRequest(arrival: 0, promptTokens: 1, outputTokens: 159),
    ])
    #expect(report.serving.rejected == 1 && report.serving.answers.count == 2 && report.mostState <= 1)
  }

  @Test("The same seed gives the same run, another one another")
  func repeats() throws {
    func run(_ seed: UInt64) throws -> NexusReport {
      try plan.serve(NexusWorkload.mixed.requests(rate: 3, seconds: 60, seed: seed), .shared(NexusPolicy()))
    }
    let report = try run(1)
    #expect(try run(1) == report)
    #expect(try run(2) != report)
    #expect(report.switches > 0 && report.decisions > report.switches && report.sharedSeconds > 0)
  }

  @Test("A rate that is sustained is, and a higher one is not")
  func sustained() throws {
    let scheduler = NexusScheduler.shared(NexusPolicy())
    let rate = try plan.sustainedRate(.arXiv, scheduler, seconds: 60)
    #expect(rate > 0.1)
    func keeps(_ rate: Double) throws -> Bool {
      NexusLimit.usual.isMet(
        by: try plan.serve(NexusWorkload.arXiv.requests(rate: rate, seconds: 60, seed: 0), scheduler))
    }
    #expect(try keeps(rate) && !keeps(2 * rate))
    #expect(try plan.sustainedRate(.arXiv, scheduler, limit: NexusLimit(gap: 1e-6, firstToken: 1), seconds: 1000) == 0)
  }
}
