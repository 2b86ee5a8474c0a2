import Planner
import Testing

@Suite struct MegatronPredictionTests {
  @Test func heldOutRowsOfTheFirstTableAreMet() throws {
    let predictions = try MegatronPrediction().predictions()
    let first = predictions.prefix(10).filter(\.heldOut)
    #expect(first.count == 8)
    let errors = first.map { abs($0.error) }
    #expect(errors.reduce(0, +) / 8 <= 0.08 && errors.allSatisfy { $0 <= 0.15 }, "\(errors)")
    // The plain roofline is far off: the table is no average that anything would give.
    #expect(first.allSatisfy { $0.plainError > 0.3 })
    let fitted = predictions.prefix(10).filter { !$0.heldOut }
    #expect(fitted.count == 2 && fitted.allSatisfy { abs($0.error) < 1e-6 })
  }

  @Test func theSecondTableIsMetAndItsOrderKept() throws {
    let predictions = try MegatronPrediction().predictions()
    let composed = predictions.filter { $0.name.contains("PTD-P") }
    let sharded = predictions.filter { $0.name.contains("ZeRO-3") }
    #expect(composed.count == 6 && sharded.count == 6)
    let both = composed + sharded
    #expect(both.count == 12 && both.allSatisfy(\.met))
    // At equal devices; the larger model's smallest run had 640 of one kind and 560 of the other.
    for (one, other) in zip(composed, sharded) { #expect(one.predicted > other.predicted, "\(one.name)") }
    let selective = predictions.filter { $0.name.contains("selective") }
    #expect(selective.count == 4 && selective.allSatisfy(\.met))
  }

  /// With the paper's own speeds 8·T·P/(n·X) gives its days; with predicted speeds a trillion weights take what they took.
  @Test func daysAreThePapers() throws {
    for (weights, tokens, devices, speed, published) in [
      (175e9, 300e9, 1024.0, 140e12, 34.0), (1008e9, 450e9, 3072, 163e12, 84),
    ] {
      let days = 8 * tokens * weights / devices / speed / 86400
      #expect(abs(days / published - 1) < 0.05)
    }
    let days = try MegatronPrediction().predictions().filter { $0.name.contains("days") }
    #expect(days.count == 2 && days[1].met)
  }

  @Test func eightByEightIsChosen() throws {
    let prediction = try MegatronPrediction()
    for batch in [32, 128] {
      let rows = try prediction.figure13(batch: batch)
      let best = try #require(rows.max { $0.teraflops < $1.teraflops })
      #expect(rows.count == 5 && best.layout.tensor == 8 && best.layout.pipeline == 8, "batch \(batch)")
    }
  }

  /// Figure 17: computing layers again costs up to a third of the speed, and takes a fraction of the memory.
  @Test func recomputationTradesSpeedForMemory() throws {
    let model = try MegatronPrediction().model
    let shape = MegatronRow.weakScaling[6].shape
    func estimate(_ batch: Int, _ recomputation: Recomputation) throws -> LayoutEstimate {
      try model.estimate(
        TrainingRun(shape, sequence: 2048, batch: batch),
        ParallelLayout(tensor: 8, pipeline: 16, data: 1, recomputation: recomputation), checksMemory: false)
    }
    for batch in [4, 16, 64, 256] {
      let (kept, again) = (try estimate(batch, .none), try estimate(batch, .layer))
      let loss = 1 - kept.seconds / again.seconds
      #expect(loss > 0.15 && loss < 0.34, "\(batch): \(loss)")
      #expect(kept.activationBytes > 3 * again.activationBytes)
    }
  }
}
