import Costs
import Planner
import Testing

@Suite("Ladder Residual") struct LadderResidualTests {
  private let layers = 12

  private func seconds(_ step: TensorParallelStep, _ wiring: ResidualWiring, taken: Double = 0) throws -> Double {
    try step.schedule(wiring, layers: layers).run(taken: taken).seconds
  }

  @Test("Closed forms of all wirings")
  func closedForms() throws {
    for exchange in [0, 0.1, 1, 1.9, 3.5, 20] {
      let step = TensorParallelStep(attention: 2, feedForward: 3, head: 1, allReduce: exchange)
      let modules = 12 * 5.0 + 1
      #expect(abs(try seconds(step, .standard) - (modules + 24 * exchange)) < 1e-9)
      #expect(abs(try seconds(step, .parallel) - (modules + 12 * exchange)) < 1e-9)
      #expect(abs(try seconds(step, .silent) - modules) < 1e-9)
      #expect(abs(try seconds(step, .desync(every: 4)) - (modules + 6 * exchange)) < 1e-9)
      #expect(try seconds(step, .desync(every: 1)) == seconds(step, .standard))
      #expect(try seconds(step, .ladder(0..<0)) == seconds(step, .standard))
      let ladder = try seconds(step, .ladder(0..<12))
      if exchange <= 2 {
        // Hidden but for the last.
        #expect(abs(ladder - (modules + exchange)) < 1e-9)
      } else if exchange >= 5 {
        // The sums follow each other from the first module on.
        #expect(abs(ladder - (2 + 24 * exchange + 1)) < 1e-9)
      }
      // The more layers have ladders, the less waits; each begins and ends with everything waited for.
      var last = try seconds(step, .standard)
      for count in 1...12 {
        let part = try seconds(step, .ladder(0..<count))
        #expect(part <= last + 1e-9)
        let behind = try seconds(step, .ladder(12 - count..<12))
        #expect(abs(part - behind) < 1e-9)
        last = part
      }
      #expect(last == ladder)
    }
  }

  @Test("What the sums take of the processors")
  func interference() throws {
    let step = TensorParallelStep(attention: 2, feedForward: 3, head: 1, allReduce: 1)
    // 23 sums run under a module and take a tenth of a second each; the last runs alone.
    #expect(abs(try seconds(step, .ladder(0..<12), taken: 0.1) - (61 + 1 + 2.3)) < 1e-9)
    #expect(try seconds(step, .standard, taken: 0.1) == seconds(step, .standard))
  }

  @Test("A step's times by hand")
  func byHand() throws {
    let shape = try ModelCatalogue.published.entry("llama-3-70b").shape
    let device = try DeviceCatalogue.published.device("H100-SXM")
    let links = [try Link(latency: 1e-6, bandwidth: 1e11), try Link(latency: 5e-6, bandwidth: 4e11)]
    let constants = LadderResidual.Constants(
      oneRow: 0.8, manyRows: 0.5, compute: 0.7, overhead: 1e-5, cachePasses: 3, links: links)
    let engine = try LadderResidual(shape, on: device, devices: 4, constants: constants)
    let one = try engine.step(batch: 1, tokens: 1, cache: 1536)
    let rate: Double = 0.8 * 3.35e12
    let products: Double = 2 * 8192 * 128 * 144
    let keys: Double = 3 * 4 * 1024 * 1536
    let feed: Double = 2 * 3 * 8192 * 28672
    let head: Double = 2 * 128_256 * 8192
    #expect(abs(one.attention / ((products + keys) / 4 / rate + 1e-5) - 1) < 1e-12)
    #expect(abs(one.feedForward / (feed / 4 / rate + 1e-5) - 1) < 1e-12)
    #expect(abs(one.head / (head / rate) - 1) < 1e-12)
    // A small message goes the way of the smaller latency, a large one that of the larger bandwidth.
    let small: Double = 16384 / 4 / 1e11
    #expect(abs(one.allReduce / (6 * (1e-6 + small)) - 1) < 1e-12)
    let prompt = try engine.step(batch: 8, tokens: 1024, cache: 1536)
    let large: Double = 8 * 1024 * 16384 / 4 / 4e11
    #expect(abs(prompt.allReduce / (6 * (5e-6 + large)) - 1) < 1e-12)
    let arithmetic: Double = feed / 4 * 8192 / (0.7 * 989.4e12)
    #expect(abs(prompt.feedForward / (arithmetic + 1e-5) - 1) < 1e-12)
  }

  @Test("The fit and all rows are scipy's")
  func golden() throws {
    let golden = try LadderGolden.read()
    let prediction = try LadderPrediction()
    let found = [
      prediction.direct.oneRow, prediction.direct.manyRows, prediction.direct.overhead, prediction.direct.cachePasses,
    ]
    for (ours, theirs) in zip(found, golden.parameters) { #expect(abs(ours / theirs - 1) < 0.01) }
    #expect(golden.rows.count == LadderRow.table.count && golden.rows.count == 70)
    for row in LadderRow.table {
      let theirs = try #require(
        golden.rows.first {
          $0.batch == row.batch && $0.devices == row.devices && $0.direct == row.isDirect
            && $0.wiring == row.wiring.rawValue
        })
      #expect(abs(try prediction.tokensPerSecond(row) / theirs.tokensPerSecond - 1) < 0.003, "\(row.name)")
    }
  }

  @Test("What the sheet asks of held-out rows: most within its limits, those missed are known")
  func published() throws {
    let rows = try LadderPrediction().predictions()
    let (speeds, ratios) = (
      rows.filter { $0.name.hasSuffix("tokens/s") }, rows.filter { $0.name.hasSuffix("standard") }
    )
    #expect(speeds.count { $0.heldOut } == 50 && ratios.count == 50 && ratios.allSatisfy(\.heldOut))
    #expect(speeds.filter { !$0.heldOut }.allSatisfy { abs($0.error) < 0.065 })
    // All speeds but two; of single sequences every ratio.
    #expect(speeds.count { $0.heldOut && !$0.met } == 2 && ratios.count { !$0.met } == 7)
    #expect(ratios.allSatisfy { $0.met || !$0.name.contains(", 1 × ") })
    #expect(rows.filter { !$0.met }.allSatisfy { !$0.name.contains(", 1 × ") })
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    let step = TensorParallelStep(attention: 2, feedForward: 3, head: 1, allReduce: 1)
    for layers in [0, -1, 1 << 20, Int.max] {
      #expect(throws: PlannerError.self) { try step.schedule(.standard, layers: layers) }
    }
    #expect(throws: PlannerError.self) { try step.schedule(.ladder(3..<13), layers: 12) }
    #expect(throws: PlannerError.self) { try step.schedule(.ladder(-1..<2), layers: 12) }
    #expect(throws: PlannerError.self) { try step.schedule(.desync(every: 0), layers: 12) }
    let device = try DeviceCatalogue.published.device("H100-SXM")
    let shape = try ModelCatalogue.published.entry("llama-3-70b").shape
    for devices in [0, 3, 16, -8] {
      #expect(throws: PlannerError.self) { try LadderResidual(shape, on: device, devices: devices) }
    }
    for name in ["mixtral-8x7b", "deepseek-v3"] {
      #expect(throws: PlannerError.self) {
        try LadderResidual(ModelCatalogue.published.entry(name).shape, on: device, devices: 2)
      }
    }
    var constants = LadderResidual.Constants.plain
    constants.oneRow = 0
    #expect(throws: PlannerError.self) { try LadderResidual(shape, on: device, devices: 2, constants: constants) }
    let engine = try LadderResidual(shape, on: device, devices: 2)
    for count in [0, -1, Int.max] {
      #expect(throws: PlannerError.self) { try engine.step(batch: count, tokens: 1, cache: 1) }
      #expect(throws: PlannerError.self) { try engine.tokensPerSecond(.standard, batch: 1, prompt: count, answer: 1) }
      #expect(throws: PlannerError.self) { try engine.tokensPerSecond(.standard, batch: 1, prompt: 1, answer: count) }
    }
  }
}
