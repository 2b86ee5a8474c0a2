import Costs
import Planner
import Testing

@Suite("Nexus costs") struct NexusCostsTests {
  private func costs(_ change: (inout NexusCosts.Constants) -> Void = { _ in }) throws -> NexusCosts {
    var constants = NexusCosts.Constants()
    change(&constants)
    return try NexusPrediction.plan(constants: constants).costs
  }

  /// A prompt's chunk of `tokens` after `past`.
  private func prompts(_ tokens: Int, past: Int = 0) -> IterationBatch {
    var batch = IterationBatch(promptTokens: tokens)
    batch.promptPast = past
    batch.promptPairs += Double(tokens) * Double(past)
    return batch
  }

  @Test("An iteration of each phase by hand")
  func byHand() throws {
    let costs = try costs { $0.overhead = 0.001 }
    // Qwen2.5-3B: 36 layers of 2048·128·(2·16 + 2·2) and 3·2048·11008 weights, 151,936 · 2048 of the output layer.
    let layers = 36.0 * (2048 * 128 * 36 + 3 * 2048 * 11_008)
    let head = 151_936.0 * 2048
    let (rate, bytes) = (119.5e12 * 0.737, 864e9 * 0.86)
    #expect(costs.stateBytesPerToken == 36_864)
    #expect(costs.denseBytes == 2 * (layers + head))
    // 50 % of 77.8 % is what arithmetic reaches of the whole: 0.7 + 0.26 · 0.3.
    for (share, reached) in [(1.0, 1.0), (0.5, 0.5 / 0.778), (0.9, 0.752 / 0.778)] {
      let batch = prompts(2048, past: 1000)
      let times = costs.prefill(batch, share: share)
      let pairs = 2048 * (1000 + 2049.0 / 2)
      #expect(abs(times.attention / (4 * 128 * 16 * 36 * pairs / (rate * reached)) - 1) < 1e-12)
      let dense = 2 * 2048 * layers / (rate * reached) + 2 * head / bytes
      #expect(abs(times.dense / dense - 1) < 1e-12)
      #expect(abs(times.seconds - times.attention - times.dense - 0.001) < 1e-15)
    }
    // 32 sequences of 1000 tokens: traffic on all of the device, arithmetic on 5 % of it.
    let tokens = IterationBatch(sequences: 32, contextTokens: 32_000)
    let whole = costs.decode(tokens, share: 1)
    #expect(abs(whole.dense / (2 * (layers + head) / bytes) - 1) < 1e-12)
    #expect(abs(whole.attention / (32_032 * 36_864 / bytes) - 1) < 1e-12)
    #expect(abs(costs.decode(tokens, share: 1, bandwidthShare: 0.25).attention / whole.attention - 4) < 1e-12)
    let part = costs.decode(tokens, share: 0.05)
    #expect(abs(part.dense / (2 * 32 * (layers + head) / (rate * 0.05 / 0.778)) - 1) < 1e-12)
    // Where traffic needs 30 % of the device, 15 % have half of the bandwidth.
    let narrow = try self.costs { ($0.overhead, $0.trafficShare) = (0.001, 0.3) }
    let few = IterationBatch(sequences: 1, contextTokens: 1000)
    #expect(abs(narrow.decode(few, share: 0.15).dense / costs.decode(few, share: 1).dense - 2) < 1e-12)
    #expect(narrow.decode(few, share: 0.3) == narrow.decode(few, share: 1))
    // Both in one batch: the rows go through the products together.
    var mixed = prompts(2000)
    mixed.sequences = 32
    mixed.contextTokens = 32_000
    let expected =
      0.001 + 2 * 2032 * layers / rate + 2 * head / bytes + 4 * 128 * 16 * 36 * 2000 * 2001 / 2 / rate + whole.attention
    #expect(abs(costs.seconds(of: mixed) / expected - 1) < 1e-12)
  }

  @Test("The bandwidth is shared as the bytes are, window by window")
  func contention() throws {
    let costs = try costs()
    let (batch, tokens) = (prompts(2048, past: 6000), IterationBatch(sequences: 20, contextTokens: 100_000))
    let own = 100_020 * 36_864.0
    for share in [0.2, 0.7, 1] {
      let times = costs.prefill(batch, share: share)
      let attention = times.attention / times.seconds
      let expected =
        attention * own / (own + 8048 * 36_864) + (1 - attention) * own / (own + costs.denseBytes)
      let found = costs.bandwidthShare(of: tokens, beside: batch, promptShare: share)
      #expect(abs(found / expected - 1) < 1e-12 && found > 0 && found < 1)
    }
    #expect(costs.bandwidthShare(of: tokens, beside: IterationBatch(), promptShare: 0.5) == 1)
    #expect(costs.bandwidthShare(of: IterationBatch(), beside: batch, promptShare: 0.5) == 1)
    // Keys that are read more often leave less.
    let often = try self.costs { $0.keyReads = 128 }
    #expect(
      often.bandwidthShare(of: tokens, beside: batch, promptShare: 0.5)
        < costs.bandwidthShare(of: tokens, beside: batch, promptShare: 0.5))
  }

  @Test("Arithmetic saturates where it is said to")
  func saturation() {
    let saturation = NexusCosts.Saturation(share: 0.6, decay: 0.5)
    #expect(saturation.reached(1) == 1 && abs(saturation.reached(0.3) / saturation.reached(0.6) - 0.5) < 1e-12)
    #expect(abs(saturation.reached(0.8) - 0.7 / 0.8) < 1e-12)
    for share in [0.01, 0.5, 0.99] { #expect(abs(NexusCosts.Saturation.none.reached(share) - share) < 1e-15) }
  }

  @Test("Lengths as scipy fits them")
  func lengths() throws {
    let golden = try NexusGolden.read()
    var compared = 0
    for workload in [NexusWorkload.longData, .arXiv, .shareGPT] {
      let lengths = try workload.parts()[0].lengths
      for (kind, ours) in [("prompt", lengths.prompt), ("output", lengths.output)] {
        let theirs = try #require(golden.rows.first { $0.workload == workload.rawValue && $0.kind == kind })
        guard case .logNormal(let median, let sigma) = ours else {
          Issue.record("\(ours)")
          continue
        }
        #expect(abs(median / theirs.median - 1) < 1e-6 && abs(sigma / theirs.sigma - 1) < 1e-6)
        compared += 1
      }
    }
    #expect(compared == golden.rows.count && compared == 6)
    #expect(try NexusWorkload.mixed.parts().map(\.share) == [0.6, 0.4])
  }

  @Test("Mixed requests are of both kinds, and of the same sizes at another rate")
  func requests() throws {
    let requests = try NexusWorkload.mixed.requests(rate: 10, seconds: 2000, seed: 3)
    let long = Double(requests.count { $0.promptTokens > 2200 }) / Double(requests.count)
    #expect(abs(long - 0.4) < 0.02 && abs(Double(requests.count) / 20_000 - 1) < 0.03)
    let other = try NexusWorkload.mixed.requests(rate: 1, seconds: 2000, seed: 3)
    #expect(
      zip(requests, other).allSatisfy { $0.promptTokens == $1.promptTokens && $0.outputTokens == $1.outputTokens })
    #expect(try NexusWorkload.mixed.requests(rate: 10, seconds: 2000, seed: 3) == requests)
  }

  @Test("Hostile values are refused")
  func hostile() throws {
    let changes: [(inout NexusCosts.Constants) -> Void] = [
      { $0.compute = 0 }, { $0.compute = .nan }, { $0.memory = 1.1 }, { $0.prompts.share = 0 },
      { $0.prompts.decay = -0.1 },
      { $0.tokens.share = .infinity }, { $0.tokens.decay = 2 }, { $0.keyReads = 0.5 }, { $0.overhead = -1 },
      { $0.trafficShare = 1.1 },
      { $0.overhead = .infinity },
    ]
    for change in changes { #expect(throws: PlannerError.self) { try costs(change) } }
    let l20 = try DeviceCatalogue.published.device("l20")
    #expect(throws: PlannerError.self) { try NexusCosts(ModelCatalogue.published.entry("mixtral-8x7b").shape, on: l20) }
    let small = try DeviceCatalogue.published.device("T4")
    #expect(throws: PlannerError.self) {
      try NexusPlan(model: ModelCatalogue.published.entry("qwen2.5-14b").shape, on: small)
    }
    let qwen = try ModelCatalogue.published.entry("qwen2.5-3b").shape
    #expect(throws: PlannerError.self) { try NexusPlan(model: qwen, on: l20, memoryShare: 1.5) }
    for (mean, median, p95, p99) in [
      (0.0, 1.0, 2.0, 3.0), (10, 10, 5, 20), (10, 10, 20, 15), (.nan, 1, 2, 3), (1, 2, 3, 1e9),
    ] {
      #expect(throws: PlannerError.self) {
        try LengthDistribution.logNormal(mean: mean, median: median, p95: p95, p99: p99)
      }
    }
    for (rate, seconds) in [(-1.0, 10.0), (.nan, 10), (1e7, 10), (1, 0), (1, .infinity)] {
      #expect(throws: PlannerError.self) { try NexusWorkload.arXiv.requests(rate: rate, seconds: seconds, seed: 0) }
    }
  }

  @Test("Devices and models have the paper's figures")
  func catalogues() throws {
    let device = try DeviceCatalogue.published.device("l20")
    #expect(device.compute[.bf16]?.value == 119.5e12 && device.bandwidth.value == 864e9 && device.memory.value == 48e9)
    // As their makers say; biases are not counted.
    #expect(abs(Double(try ModelCatalogue.published.entry("qwen2.5-3b").shape.parameters) / 3.09e9 - 1) < 0.005)
    #expect(abs(Double(try ModelCatalogue.published.entry("Qwen2.5-14B").shape.parameters) / 14.77e9 - 1) < 0.005)
  }

  @Test("What the paper says of contention")
  func predictions() throws {
    let rows = try NexusPrediction.predictions()
    #expect(rows.map(\.isEvidence) == [true, false] && rows.allSatisfy { $0.plainRoofline == 1 })
    // Read once, a longer prompt spends more of its time where its traffic is small.
    #expect(rows[0].predicted < 1 && rows[1].predicted > 1)
  }
}
