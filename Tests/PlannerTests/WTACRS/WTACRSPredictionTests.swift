import Planner
import Testing

@Suite struct WTACRSPredictionTests {
  @Test func theSheetsRangesAreMet() throws {
    let predictions = try WTACRSPrediction.predictions()
    #expect(predictions.count == 2 && predictions.allSatisfy { $0.met && $0.heldOut })
    #expect((2.2...3.2).contains(predictions[0].predicted), "\(predictions[0].predicted)")
    #expect((4...8).contains(predictions[1].predicted), "\(predictions[1].predicted)")
  }

  @Test func bytesAreThoseCountedByHand() {
    let large = WTACRSPrediction(.large)
    let (d, scores, f) = (1024.0, 2048.0, 4096.0)  // i = d
    let exact: Double = 8.5 * d + 2.25 * scores + 2.25 * f
    #expect(large.exactNumbers == exact)
    let kept: Double = 0.3 * (5 * d + scores + f)
    let masks: Double = (scores + 2 * d + 2 * f) / 32
    #expect(abs(large.sampledNumbers - (3 * d + scores + kept + masks)) < 1e-6)
    #expect(large.exactBytes(batch: 0) == 16 * 737.7e6)
    let batch = large.largestBatch(in: 40e9)
    #expect(large.exactBytes(batch: batch.exact) <= 40e9 && large.exactBytes(batch: batch.exact + 1) > 40e9)
    #expect(large.sampledBytes(batch: batch.sampled) <= 40e9 && large.sampledBytes(batch: batch.sampled + 1) > 40e9)
    #expect(large.largestBatch(in: 1e9).exact == 0)
  }

  @Test func moreRowsNeedMore() {
    var (few, many) = (WTACRSPrediction(.threeBillion), WTACRSPrediction(.threeBillion))
    few.ratio = 0.1
    many.ratio = 1
    #expect(few.sampledNumbers < many.sampledNumbers && many.sampledNumbers < many.exactNumbers)
  }
}
