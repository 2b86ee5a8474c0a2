import NumericTypes
import Planner
import Testing

@Suite("Choosing among answers") struct AnswerSelectorTests {
  private typealias Candidate = AnswerSelector.Candidate

  @Test("Votes by hand: the most, the heaviest, the one best")
  func byHand() {
    let candidates = [
      Candidate("8", weight: 0.2), Candidate("7", weight: 0.3), Candidate("7", weight: 0.3),
      Candidate("9", weight: 0.7),
      Candidate(nil, weight: 5), Candidate("7", weight: 0.05),
    ]
    #expect(AnswerSelector.majority.choice(of: candidates) == 1)
    // 7 has 0.65 in all, 9 has 0.7.
    #expect(AnswerSelector.weighted.choice(of: candidates) == 3)
    #expect(AnswerSelector.best.choice(of: candidates) == 3)
    #expect(
      AnswerSelector.best.choice(of: [Candidate("a", weight: 1), Candidate("b", weight: 1), Candidate("a", weight: 2)])
        == 2)
  }

  @Test("Of answers that are level the first counts; none, and weights that are no numbers, count for nothing")
  func ends() {
    for selector in AnswerSelector.allCases {
      #expect(selector.choice(of: []) == nil)
      #expect(selector.choice(of: [Candidate(nil), Candidate(nil)]) == nil)
      #expect(selector.choice(of: [Candidate("b"), Candidate("a")]) == 0)
      #expect(selector.choice(of: [Candidate(nil), Candidate("a")]) == 1)
    }
    let odd = [Candidate("a", weight: .nan), Candidate("b", weight: 0.1), Candidate("a", weight: .nan)]
    #expect(AnswerSelector.weighted.choice(of: odd) == 1 && AnswerSelector.best.choice(of: odd) == 1)
    #expect(AnswerSelector.majority.choice(of: odd) == 0)
    // One such weight takes nothing from the others of its answer.
    let mixed = [Candidate("b", weight: 0.3), Candidate("a", weight: .nan), Candidate("a", weight: 0.5)]
    #expect(AnswerSelector.weighted.choice(of: mixed) == 1)
  }

  @Test("What a vote finds is what a count over all answers finds")
  func brute() throws {
    var random = Random(seed: 5)
    for _ in 0..<500 {
      let candidates = (0..<1 + Int(random.uniform() * 12)).map { _ in
        Candidate("\(Int(random.uniform() * 4))", weight: random.uniform())
      }
      func total(_ answer: String?, _ weight: (Candidate) -> Double) -> Double {
        candidates.filter { $0.answer == answer }.reduce(0) { $0 + weight($1) }
      }
      let majority = try #require(AnswerSelector.majority.choice(of: candidates))
      #expect(candidates.allSatisfy { total($0.answer) { _ in 1 } <= total(candidates[majority].answer) { _ in 1 } })
      let weighted = try #require(AnswerSelector.weighted.choice(of: candidates))
      #expect(
        candidates.allSatisfy { total($0.answer, \.weight) <= total(candidates[weighted].answer, \.weight) + 1e-12 })
      let best = try #require(AnswerSelector.best.choice(of: candidates))
      #expect(candidates.allSatisfy { $0.weight <= candidates[best].weight })
    }
  }
}
