import Planner
import Testing

@Suite("C4's gains") struct C4PredictionTests {
  @Test("22 billion weights: planned paths reach the line, hashed ones do not, and what is hidden takes no time")
  func large() throws {
    let usual = try C4Prediction.gpt22B(seeds: 2)
    #expect(abs(usual.recovered - 1) < 1e-6 && usual.lost > 0)
    let hidden = try C4Prediction.gpt22B(seeds: 2, overlapped: true)
    #expect(hidden.work == usual.work && hidden.atLineRate < usual.atLineRate && hidden.meanHashed < usual.meanHashed)
    let shuffled = try C4Prediction.gpt22B(seeds: 2, shuffled: true)
    #expect(shuffled.lost > usual.lost)
    // 2·(64 − 1)/64 of a device's gradients, two bytes a weight, at 50 GB/s.
    let weights = Double(try ModelCatalogue.published.entry("GPT-22B").shape.parameters)
    #expect(abs(usual.atLineRate / (2 * 63 / 64 * 2 * weights / 8 / 50e9) - 1) < 0.01)
  }

  @Test("A job that waits for a part of its time gains that part of what planning saves")
  func moderate() throws {
    for exposed in [0.1, 0.3] {
      let job = try C4Prediction.moderate(exposed: exposed, seeds: 3)
      #expect(abs(job.exposed - exposed) < 0.01 && abs(job.planned / job.atLineRate - 1) < 1e-6)
      let saved = job.exposed * (1 - job.planned / job.meanHashed)
      #expect(abs(job.gain - saved / (1 - saved)) < 1e-9)
    }
    for bad in [0, 1, -1, Double.nan] {
      #expect(throws: PlannerError.self) { try C4Prediction.moderate(exposed: bad, seeds: 1) }
    }
  }

  @Test("The published gains")
  func published() throws {
    let rows = try C4Prediction.predictions()
    #expect(rows.count == 2 && rows.allSatisfy { $0.met && $0.heldOut })
    #expect(rows.map(\.isEvidence) == [false, true])
  }
}
