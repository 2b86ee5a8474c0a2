import Costs
import Planner
import Testing

@Suite("Validation")
struct ValidationTests {
  private func prediction(
    _ predicted: Double, plain: Double = .nan, verified: Bool = true, heldOut: Bool = true
  ) -> Prediction {
    Prediction(
      of: Published("a number", Figure(100, source: "nowhere", date: "2026"), verified: verified), predicted: predicted,
      plainRoofline: plain, limit: 0.1, heldOut: heldOut)
  }

  @Test func onlyWhatWasReadAndNotFittedCounts() throws {
    let validation = Validation([
      PaperPredictions(
        system: 2, paper: "b",
        predictions: [prediction(105, plain: 200), prediction(80), prediction(100, heldOut: false)]),
      PaperPredictions(
        system: 1, paper: "a", predictions: [prediction(92, plain: 50), prediction(1, verified: false)]),
    ])
    #expect(validation.papers.map(\.system) == [1, 2])
    let evidence = validation.evidence
    #expect(evidence.count == 3 && evidence.met == 2)
    #expect(abs(try #require(evidence.medianError) - 0.08) < 1e-12)
    #expect(abs(try #require(evidence.largestError) - 0.2) < 1e-12)
    #expect(abs(try #require(evidence.medianPlainError) - 0.75) < 1e-12)
    #expect(validation.fitted.count == 1 && validation.recalled.count == 1)
    #expect(Validation([]).evidence.medianError == nil)
  }

  @Test func everyPublishedNumberIsFinite() throws {
    for paper in try Validation.published().papers {
      #expect(!paper.predictions.isEmpty, "\(paper.paper)")
      for row in paper.predictions {
        #expect(row.predicted.isFinite && row.published.isFinite && row.published != 0, "\(paper.paper): \(row.name)")
      }
      #expect(
        Set(paper.predictions.map(\.name)).count == paper.predictions.count, "\(paper.paper): a name is there twice")
    }
  }
}
