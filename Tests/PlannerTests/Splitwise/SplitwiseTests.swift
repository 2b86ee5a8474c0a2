import NumericTypes
import Planner
import Testing

@Suite("Splitwise: prompts and tokens on machines of their own") struct SplitwiseTests {
  @Test("The profile goes through its measurements")
  func profile() throws {
    let profile = SplitwiseProfile.measured(.llama70BOnTwo, on: .a100)
    #expect(abs(profile.seconds(of: IterationBatch(promptTokens: 2048)) - (0.68805 + 0.84537) / 2) < 1e-9)
    #expect(abs(profile.seconds(of: IterationBatch(promptTokens: 8192)) - (2.99018 + 3.23885) / 2) < 1e-9)
    // Straight between 128 and 256 tokens, and on below.
    #expect(abs(profile.seconds(of: IterationBatch(promptTokens: 192)) - (0.08108 + 0.11293) / 2) < 1e-9)
    #expect(abs(profile.seconds(of: IterationBatch(promptTokens: 64)) - (0.08108 - 0.03185 / 2)) < 1e-9)
    // Tokens by the number of sequences, the middle of the lengths for one.
    #expect(abs(profile.seconds(of: IterationBatch(sequences: 1)) - 0.05486) < 1e-9)
    #expect(abs(profile.seconds(of: IterationBatch(sequences: 24)) - (0.06546 + 0.07219) / 2) < 1e-9)
    // Both together: a tenth more.
    let mixed = profile.seconds(of: IterationBatch(promptTokens: 120, sequences: 8))
    #expect(abs(mixed - 1.1 * 0.08108) < 1e-9)
    #expect(abs(SplitwiseProfile.measured(.bloom176B, on: .h100Capped).promptSeconds(128) - 1.3 * 0.04828) < 1e-12)
    for rows in [[], [SplitwiseProfile.Row(0, 1, 1, 1)], [SplitwiseProfile.Row(1, 1, .nan, 1)]] {
      #expect(throws: PlannerError.self) { try SplitwiseProfile(rows) }
    }
  }

  @Test("A lone request takes its prompt and its tokens; alone on an A100 it is not slowed down")
  func alone() throws {
    let request = SimulatedRequest(arrival: 0, promptTokens: 1024, outputTokens: 11)
    let baseline = try SplitwiseCluster(.baselineA100, prompts: 1).run([request])
    let profile = SplitwiseProfile.measured(.bloom176B, on: .a100)
    let (prompt, token) = (profile.promptSeconds(1024), profile.tokenSeconds(1))
    #expect(abs(baseline.answers[0].firstToken - prompt) < 1e-9)
    #expect(abs(baseline.answers[0].lastToken - prompt - 10 * token) < 1e-9)
    let objective = SplitwiseObjective(baseline, model: .bloom176B)
    #expect(objective.isMet && objective.items.count == 9 && objective.items.allSatisfy { abs($0.slowdown - 1) < 1e-9 })
    // Split, the prompt takes a hundredth longer and the move 8 ms.
    let split = try SplitwiseCluster(.aa, prompts: 1, tokens: 1).run([request])
    #expect(abs(split.answers[0].firstToken - 1.01 * prompt) < 1e-9 && split.transfers == 1)
    #expect(abs(split.answers[0].lastToken - 1.01 * prompt - 10 * token - 0.008) < 1e-9)
    #expect(split.sentBytes == 1024 * 4_014_080)
  }

  @Test("Machines that help go back")
  func borrowing() throws {
    let cluster = try SplitwiseCluster(.hh, prompts: 1, tokens: 3)
    // Two bursts, with time to finish between them.
    let requests = [0.0, 200].flatMap { start in
      (0..<20).map { SimulatedRequest(arrival: start + 0.01 * Double($0), promptTokens: 2000, outputTokens: 10) }
    }
    let report = try cluster.run(requests)
    #expect(report.machines[1...].contains { $0.borrowed > 1 && $0.promptTokens > 0 })
    #expect(report.unfinished == 0 && report.sentBytes == report.receivedBytes)
    // Without need nobody helps.
    let calm = try cluster.run(
      (0..<10).map { SimulatedRequest(arrival: 10 * Double($0), promptTokens: 2000, outputTokens: 10) })
    #expect(calm.machines.allSatisfy { $0.borrowed == 0 } && calm.machines[1...].allSatisfy { $0.promptTokens == 0 })
  }

  @Test("A search finds what trying all finds")
  func provisioning() throws {
    let search = try SplitwiseProvisioning(.coding, seconds: 20, threads: 2)
    let least = try #require(try search.least(.ha, rate: 6, goal: .cost, most: 5))
    var best = Double.infinity
    for prompts in 1...5 {
      for tokens in 1...5 {
        let cluster = try SplitwiseCluster(.ha, prompts: prompts, tokens: tokens)
        if try search.holds(cluster, rate: 6) { best = min(best, cluster.price) }
      }
    }
    #expect(abs(least.price - best) < 1e-9)
    let cluster = try SplitwiseCluster(.aa, prompts: 3, tokens: 1)
    let rate = try search.capacity(cluster, step: 1, most: 40)
    #expect(try rate > 0 && search.holds(cluster, rate: rate) && !search.holds(cluster, rate: rate + 1))
    #expect(try search.capacity(cluster, step: 1, most: 1) <= 1)
  }

  @Test("The device model, fitted on two prompts, is within 15 % on average of the rows left out")
  func predictions() throws {
    let predictions = try SplitwisePrediction.predictions()
    let heldOut = predictions.filter(\.heldOut)
    #expect(predictions.count - heldOut.count == 8)
    for kind in ["prompt ms", "token ms"] {
      let rows = heldOut.filter { $0.name.hasSuffix(kind) }
      #expect(rows.count >= 16 && rows.allSatisfy(\.verified))
      #expect(rows.reduce(0) { $0 + abs($1.error) } / Double(rows.count) <= 0.15)
    }
    // The prompts that constants were fitted on are met.
    #expect(predictions.filter { !$0.heldOut && $0.name.hasSuffix("prompt ms") }.allSatisfy { abs($0.error) < 0.01 })
  }

  @Test("Clusters that a design cannot have")
  func bad() {
    #expect(throws: PlannerError.self) { try SplitwiseCluster(.baselineA100, prompts: 3, tokens: 1) }
    #expect(throws: PlannerError.self) { try SplitwiseCluster(.aa, prompts: 3) }
    #expect(throws: PlannerError.self) { try SplitwiseCluster(.hh, prompts: 0, tokens: 1) }
    #expect(throws: PlannerError.self) { try SplitwiseCluster(.hh, prompts: 1, tokens: 1 << 40) }
    #expect(throws: PlannerError.self) { try SplitwiseProvisioning(.coding, seconds: -1) }
    #expect(throws: PlannerError.self) { try SplitwiseProvisioning(.coding, seeds: []) }
  }
}
