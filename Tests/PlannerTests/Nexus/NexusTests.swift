import Planner
import Testing

@Suite("Nexus") struct NexusTests {
  @Test("The search finds what a look at all percents does; a promise kept at the start is kept at the end")
  func search() {
    let counts = NexusLaws.searches(cases: 0..<10_000)
    #expect(counts.equal == 10_000)
    // Some models keep the promise at no percent, and some starts do not.
    #expect(counts.feasible > 5000 && counts.feasible < 10_000)
    #expect(counts.starts > 500 && counts.starts < 9500 && counts.kept == counts.starts)
  }

  @Test("The search by hand")
  func searchByHand() {
    // The other phase needs 30 % to keep its promise.
    let other = { (percent: Int) -> Double in percent >= 30 ? 1 : 2 }
    let down = NexusSplit.greedy(from: 73, slack: 1.5, other: other)
    #expect(down.percent == 70 && down.isFeasible && down.evaluations == 5)
    let up = NexusSplit.greedy(from: 68, slack: 1.5, other: other)
    #expect(up.percent == 70 && up.isFeasible && up.evaluations == 5)
    #expect(NexusSplit.greedy(from: 70, slack: 1.5, other: other).evaluations == 3)
    let never = NexusSplit.greedy(from: 500, slack: 1.5) { $0 == 100 ? 1 : 2 }
    #expect(never.percent == 1 && !never.isFeasible)
    let always = NexusSplit.greedy(from: -500, slack: 1) { _ in 1 }
    #expect(always.percent == 99 && always.isFeasible)
  }

  @Test("Tokens come first where state is scarce, and get more")
  func modes() throws {
    let costs = try NexusPrediction.plan().costs
    var controller = try NexusController(NexusPolicy())
    let (prompts, tokens) = (IterationBatch(promptTokens: 2048), IterationBatch(sequences: 64, contextTokens: 200_000))
    controller.decide(costs, prompts: prompts, tokens: tokens, stateShare: 0.7)
    #expect(controller.mode == .prefillFirst)
    let first = controller.promptPercent
    let promise = { (percent: Int) -> Double in
      let bandwidth = costs.bandwidthShare(
        of: tokens, beside: prompts, promptShare: Double(max(1, 100 - percent)) / 100)
      return costs.decode(tokens, share: Double(percent) / 100, bandwidthShare: bandwidth).seconds
    }
    #expect(promise(100 - first) <= 1.1 * promise(100) && promise(99 - first) > 1.1 * promise(100))
    controller.decide(costs, prompts: prompts, tokens: tokens, stateShare: 0.71)
    #expect(controller.mode == .decodeFirst && controller.promptPercent < first && controller.switches == 2)
    let alone = costs.prefill(prompts, share: 1).seconds
    #expect(costs.prefill(prompts, share: Double(controller.promptPercent) / 100).seconds <= 1.3 * alone)
    #expect(costs.prefill(prompts, share: Double(controller.promptPercent - 1) / 100).seconds > 1.3 * alone)
    var policy = NexusPolicy()
    policy.sharing = .fixed(40)
    var fixed = try NexusController(policy)
    fixed.decide(costs, prompts: prompts, tokens: tokens, stateShare: 0.9)
    #expect(fixed.promptPercent == 40 && fixed.decisions == 0)
  }

  @Test("A load that goes to and fro by less than δ switches nothing")
  func hysteresis() throws {
    let costs = try NexusPrediction.plan().costs
    let small = try NexusLaws.squareWave(costs, sequences: (60, 64), turns: 1000)
    let near = abs(small.percents.0 - small.percents.1)
    #expect((1...4).contains(near) && small.switches == 0)
    let large = try NexusLaws.squareWave(costs, sequences: (40, 200), turns: 1000)
    #expect(abs(large.percents.0 - large.percents.1) >= 5 && large.switches == 1000)
    var nervous = NexusPolicy()
    nervous.hysteresis = 0
    #expect(try NexusLaws.squareWave(costs, nervous, sequences: (60, 64), turns: 1000).switches == 1000)
  }

  @Test("Policies that are none are refused")
  func hostile() throws {
    let changes: [(inout NexusPolicy) -> Void] = [
      { $0.promptSlack = 0.9 }, { $0.promptSlack = .nan }, { $0.tokenSlack = 0 }, { $0.tokenSlack = .infinity },
      { $0.decodeFirstAbove = -0.1 }, { $0.decodeFirstAbove = .nan }, { $0.hysteresis = -1 }, { $0.hysteresis = 101 },
      { $0.sharing = .fixed(0) }, { $0.sharing = .fixed(100) }, { $0.prompts = .shortest(ageing: -1) },
      { $0.prompts = .shortest(ageing: .nan) }, { $0.promptTokens = 0 }, { $0.promptTokens = .max },
      { $0.batchSequences = 0 }, { $0.blockTokens = 0 }, { $0.blockTokens = .max },
    ]
    let plan = try NexusPrediction.plan()
    for change in changes {
      var policy = NexusPolicy()
      change(&policy)
      #expect(throws: PlannerError.self) { try NexusController(policy) }
      #expect(throws: PlannerError.self) { try NexusSimulation(plan.costs, policy: policy, blocks: 10) }
      #expect(throws: PlannerError.self) { try plan.serve([], .shared(policy)) }
    }
    #expect(throws: PlannerError.self) { try NexusSimulation(plan.costs, blocks: 0) }
    #expect(throws: PlannerError.self) { try plan.serve([], .chunked(rows: 0)) }
    let simulation = try NexusSimulation(plan.costs, blocks: 10)
    for request in [
      SimulatedRequest(arrival: -1, promptTokens: 1, outputTokens: 1),
      SimulatedRequest(arrival: .nan, promptTokens: 1, outputTokens: 1),
      SimulatedRequest(arrival: 0, promptTokens: 0, outputTokens: 1),
      SimulatedRequest(arrival: 0, promptTokens: 1, outputTokens: Int.max),
    ] { #expect(throws: PlannerError.self) { try simulation.run([request]) } }
    #expect(throws: PlannerError.self) { try plan.saturatedRate(.mixed, .chunked(rows: 2048), requests: 0) }
  }
}
