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
    // d = i = 1024, S = 2048, f = 4096.
    #expect(large.exactNumbers == 4 * 1024 + 4 * 1024 + 2.25 * 2048 + 2.25 * 4096 + 512)
    let kept = 0.3 * (2 * 1024 + 3 * 1024 + 2048 + 4096)
    #expect(abs(large.sampledNumbers - (2 * 1024 + 1024 + 2048 + kept + (2048 + 2048 + 8192) / 32)) < 1e-6)
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
