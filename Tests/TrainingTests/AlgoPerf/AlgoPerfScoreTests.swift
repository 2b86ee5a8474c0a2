import Formats
import Tensors
import Testing
import Training

@Suite("AlgoPerf: scores") struct AlgoPerfScoreTests {
  /// ρ and its area by integrating between all breakpoints, from the times alone.
  private static func area(_ own: [Double], _ all: [[Double]], limit: Double) -> Double {
    let best = own.indices.map { w in all.map { $0[w] }.min() ?? .infinity }
    func share(_ tau: Double) -> Double {
      let solved = own.indices.filter { own[$0].isFinite && own[$0] <= tau * best[$0] * (1 + 1e-15) }
      return Double(solved.count) / Double(own.count)
    }
    let breaks =
      ([1, limit] + own.indices.filter { best[$0].isFinite }.map { own[$0] / best[$0] })
      .filter { $0 >= 1 && $0 <= limit }.sorted()
    let sum = zip(breaks, breaks.dropFirst()).reduce(0.0) { $0 + share(($1.0 + $1.1) / 2) * ($1.1 - $1.0) }
    return sum / (limit - 1)
  }

  @Test("Scores of made-up times equal an integration between breakpoints")
  func area() throws {
    var random = Random(seed: 76)
    for _ in 0..<50 {
      let times = (0..<5).map { _ in
        (0..<8).map { _ in random.uniform() < 0.15 ? Double.infinity : 1 + 6 * random.uniform() }
      }
      let score = try AlgoPerfScore(times.enumerated().map { AlgoPerfScore.Times("\($0)", $1) })
      #expect(score.rows.count == 5)
      for row in score.rows {
        let own = times[Int(row.submission) ?? 0]
        #expect(abs(row.score - Self.area(own, times, limit: 4)) < 1e-12)
        #expect((0...1).contains(row.score))
      }
    }
  }

  @Test("Nothing solved is 0, the fastest everywhere is 1, and ranks follow")
  func ends() throws {
    let score = try AlgoPerfScore([
      .init("none", [.infinity, .infinity]), .init("fast", [1, 2]), .init("half", [2.5, .infinity]),
      .init("slow", [4.001, 8]),
    ])
    func row(_ name: String) throws -> AlgoPerfScore.Row { try #require(score.rows.first { $0.submission == name }) }
    #expect(try row("none").score == 0 && row("fast").score == 1)
    // One of two workloads at 2.5: (4 - 2.5) / 3 / 2.
    #expect(try row("half").score == 0.25)
    // Beyond the limit is infinite; at the limit it counts with no area.
    #expect(try row("slow").ratios == [.infinity, 4] && row("slow").score == 0)
    #expect(try row("fast").rank == 1 && row("half").rank == 2 && row("none").rank == 3 && row("slow").rank == 3)
  }

  @Test("ρ is right-continuous and does not fall; a grid of 100 points is something else")
  func profile() throws {
    let score = try AlgoPerfScore([.init("a", [1, 3, 2, .infinity]), .init("b", [2, 2, 2, 5])])
    for row in score.rows {
      for (a, b) in zip(row.profile, row.profile.dropFirst()) { #expect(a.ratio < b.ratio && a.share < b.share) }
      for step in row.profile {
        #expect(row.share(at: step.ratio) == step.share && row.share(at: step.ratio.nextUp) == step.share)
        #expect(row.share(at: step.ratio.nextDown) < step.share)
      }
      #expect(row.share(at: 0.99) == 0)
    }
    let a = try #require(score.rows.first { $0.submission == "a" })
    // Solved at 1 (two of four), and at 1.5.
    #expect(a.score == (3 + 3 + 2.5) / 12 && a.trapezoidScore() != a.score)
    #expect(abs(a.trapezoidScore() - a.score) < 0.01)
  }

  @Test("Ratios are to the best of those present: who leaves changes them")
  func present() throws {
    let (a, b, c) = (AlgoPerfScore.Times("a", [2]), AlgoPerfScore.Times("b", [3]), AlgoPerfScore.Times("c", [1]))
    #expect(try AlgoPerfScore([a, b]).rows.map(\.score) == [1, (4 - 1.5) / 3])
    #expect(try AlgoPerfScore([a, b, c]).rows.map(\.score) == [1, 2.0 / 3, 1.0 / 3])
  }

  @Test("Weights take near-duplicates out")
  func weights() throws {
    let times = [AlgoPerfScore.Times("a", [1, .infinity]), .init("b", [.infinity, 1])]
    let rows = try AlgoPerfScore(times, weights: [3, 1]).rows
    #expect(rows.map(\.submission) == ["a", "b"] && rows.map(\.score) == [0.75, 0.25])
  }

  @Test("Lengths that differ, times of nothing, and limits of 1 are refused")
  func refused() {
    #expect(throws: DataError.self) { try AlgoPerfScore([.init("a", [1]), .init("b", [1, 2])]) }
    #expect(throws: DataError.self) { try AlgoPerfScore([.init("a", [0])]) }
    #expect(throws: DataError.self) { try AlgoPerfScore([.init("a", [.nan])]) }
    #expect(throws: DataError.self) { try AlgoPerfScore([.init("a", [1])], limit: 1) }
    #expect(throws: DataError.self) { try AlgoPerfScore([.init("a", [1])], weights: [1, 1]) }
    #expect(throws: DataError.self) { try AlgoPerfScore([.init("a", [1])], weights: [0]) }
  }

  private static func record(
    _ submission: String, _ study: Int, _ trial: Int, _ seconds: Double?, variant: String = "", workload: String = "w"
  ) -> TrialRecord {
    var record = TrialRecord(
      submission: submission, workload: workload, study: study, trial: trial, seed: 1, settings: ["rate": 0.1])
    record.seconds = seconds
    record.variant = variant
    return record
  }

  @Test("Per study the best trial, over studies the median: not the best of all")
  func medians() {
    let times: [[Double?]] = [[5, 1, nil], [7, 9, nil], [3, nil, 4]]
    let records = times.enumerated().flatMap { study, seconds in
      seconds.enumerated().map { Self.record("a", study, $0, $1) }
    }
    #expect(StudyTimes(records).medians[.init("a", "w")] == 3)
    #expect(StudyTimes(records, least: 2).medians[.init("a", "w")] == 3)
    #expect(StudyTimes(records, least: 3).medians[.init("a", "w")] == .infinity)
    let failed = records + [Self.record("a", 3, 0, nil), Self.record("a", 4, 0, nil)]
    #expect(StudyTimes(failed).medians[.init("a", "w")] == 7)
  }

  @Test("A variant that is failed, or too slow, makes its workload infinite and no other")
  func variants() throws {
    var records = [
      Self.record("a", 0, 0, 1), Self.record("b", 0, 0, 2), Self.record("c", 0, 0, 3),
      Self.record("a", 0, 0, 2, workload: "v"),
      Self.record("b", 0, 0, 2, workload: "v"), Self.record("c", 0, 0, 2, workload: "v"),
      Self.record("a", 0, 0, nil, variant: "width"), Self.record("b", 0, 0, 2, variant: "width"),
      Self.record("c", 0, 0, 8.1, variant: "width"),
    ]
    let times = StudyTimes(records)
    #expect(times.medians[.init("a", "w")] == .infinity && times.medians[.init("c", "w")] == .infinity)
    #expect(times.medians[.init("b", "w")] == 2)
    #expect(times.reasons[.init("a", "w")] == "fails the variant width")
    #expect(times.reasons[.init("c", "w")] == "too slow on the variant width")
    for name in ["a", "b", "c"] { #expect(times.medians[.init(name, "v")] == 2) }
    #expect(try times.score().rows.first?.submission == "b")
    // A variant that nobody solves tells nothing.
    records[7].seconds = nil
    records[8].seconds = nil
    #expect(StudyTimes(records).medians[.init("a", "w")] == 1)
  }

  @Test("A disqualified trial is infinite, with its reason")
  func disqualified() {
    var record = Self.record("a", 0, 0, 1)
    record.disqualified = "example 9 is not one of the 5 to train on"
    let times = StudyTimes([record, Self.record("b", 0, 0, 2)])
    #expect(times.medians[.init("a", "w")] == .infinity && times.reasons[.init("a", "w")] == record.disqualified)
  }

  @Test("Records come back from their lines as they were; damaged ones are refused")
  func lines() throws {
    var record = Self.record("a", 2, 3, 1.25, variant: "init")
    record.curve = [.init(step: 10, seconds: 0.5, validation: 0.25)]
    record.seed = .max
    record.test = 0.5
    record.best = 0.75
    record.steps = 10
    record.isSelfTuning = true
    #expect(try TrialRecord(JSON(parsing: record.json.line)) == record)
    record.disqualified = "memory"
    record.seconds = nil
    #expect(try TrialRecord(JSON(parsing: record.json.line)) == record)
    for text in ["{}", "[]", record.json.line.replacing("\"steps\":10", with: "\"steps\":-1")] {
      #expect(throws: DataError.self) { try TrialRecord(JSON(parsing: text)) }
    }
  }

  @Test("Kendall's τ by hand")
  func kendall() {
    #expect(RankAgreement.kendall([1, 2, 3, 4], [10, 20, 30, 40]) == 1)
    #expect(RankAgreement.kendall([1, 2, 3, 4], [4, 3, 2, 1]) == -1)
    // One of six pairs the other way round.
    #expect(abs((RankAgreement.kendall([1, 2, 3, 4], [1, 3, 2, 4]) ?? 0) - 2.0 / 3) < 1e-15)
    // τ-b with a tie: pairs 3, one tied in b: 2 / √(3 · 2).
    #expect(abs((RankAgreement.kendall([1, 2, 3], [1, 1, 2]) ?? 0) - 2 / 6.0.squareRoot()) < 1e-15)
    #expect(RankAgreement.kendall([1, 1], [1, 2]) == nil)
  }
}
