import Planner
import Testing

@Suite struct DeepSeekV3PredictionTests {
  @Test func everyRowIsWithinTheSheetsLimit() throws {
    var counts: [DeepSeekV3Prediction.Table: Int] = [:]
    for table in DeepSeekV3Prediction.Table.allCases {
      let rows = try DeepSeekV3Prediction.predictions(table)
      counts[table] = rows.count
      for row in rows { #expect(row.met && row.verified, "\(row.name): \(row.predicted) for \(row.published)") }
    }
    #expect(counts == [.kv: 3, .flops: 3, .tpot: 6, .topology: 20, .mfu: 5])
    // Two costs are fitted; everything else is held out.
    #expect(try DeepSeekV3Prediction.predictions().filter { !$0.heldOut }.map(\.name).count == 2)
  }

  /// The price of a switch is recalled: over a wide range the held-out costs do not depend on it.
  @Test func pricesAreAboveZeroAndGiveTheFittedRows() throws {
    let prices = try DeepSeekV3Prediction.prices()
    #expect(prices.link > 0 && prices.endpoint > 0)
    let fitted = try DeepSeekV3Prediction.predictions(.topology).filter { !$0.heldOut }
    #expect(fitted.allSatisfy { abs($0.error) < 1e-9 })
  }

  @Test func aTokenOfOtherModelsAndLinks() throws {
    let link = try Link(latency: 2e-6, bandwidth: 25e9)
    let decode = try ExpertDecode(tokens: 16, experts: 3, width: 100, layers: 5, dispatched: 2, combined: 2, link: link)
    #expect(decode.bytes == 16 * 3 * 100 * 4)
    #expect(abs(decode.secondsPerToken - 5 * 2 * (4e-6 + 19200 / 25e9)) < 1e-15)
    #expect(abs(decode.tokensPerSecond * decode.secondsPerToken - 1) < 1e-12)
    for (tokens, width, bytes) in [(0, 1, 1.0), (1, 0, 1), (1, 1, 0), (1, 1, .nan), (.max, 1, 1), (1, .min, 1)] {
      #expect(throws: PlannerError.self) {
        try ExpertDecode(tokens: tokens, experts: 1, width: width, layers: 1, dispatched: bytes, link: link)
      }
    }
  }

  @Test func throughputIsRefusedWithoutTime() throws {
    let shape = try ModelCatalogue.published.entry("DeepSeek-V3").shape
    for (sequences, length, seconds, devices) in [
      (0, 1, 1.0, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, .nan, 1), (1, 1, 1, 0), (.max, 1, 1, 1),
    ] {
      #expect(throws: PlannerError.self) {
        try TrainingThroughput(
          shape, sequences: sequences, length: length, seconds: seconds, devices: devices, causal: true)
      }
    }
  }
}
