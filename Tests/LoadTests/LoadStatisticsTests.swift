import Foundation
import Load
import Plots
import Tensors
import Testing

@Suite("Load: laws and figures")
struct LoadStatisticsTests {
  /// The largest distance between the empirical distribution and the law (Kolmogorov, Smirnov).
  private func distance(_ values: [Double], _ law: (Double) -> Double) -> Double {
    let sorted = values.sorted()
    let n = Double(sorted.count)
    return sorted.enumerated().map { index, value in
      max((law(value) - Double(index) / n).magnitude, (Double(index + 1) / n - law(value)).magnitude)
    }.max() ?? 1
  }

  /// The distance that a true sample exceeds once in a thousand times.
  private func bound(_ count: Int) -> Double { 1.95 / Double(count).squareRoot() }

  @Test(arguments: [0.5, 20, 4000]) func arrivalsFollowPoissonsLaw(_ rate: Double) throws {
    let times = try #require(Arrivals.poisson(rate: rate).schedule(count: 20_000, seconds: nil, seed: 11))
    #expect(times.count == 20_000 && times == times.sorted())
    let gaps = zip(times, [0] + times).map { $0 - $1 }
    #expect(distance(gaps) { 1 - exp(-rate * $0) } < bound(gaps.count))
    // Counts of equal times: the variance of Poisson's law is its mean.
    let width = 10 / rate
    var counts = [Int](repeating: 0, count: 1900)
    for time in times where Int(time / width) < counts.count { counts[Int(time / width)] += 1 }
    let mean = Double(counts.reduce(0, +)) / Double(counts.count)
    let variance = counts.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(counts.count - 1)
    #expect((mean - 10).magnitude < 0.4 && (variance / mean - 1).magnitude < 0.12, "\(mean) \(variance)")
    // Neighbouring gaps know nothing of each other.
    let centred = gaps.map { $0 * rate - 1 }
    let correlation = zip(centred, centred.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(gaps.count)
    #expect(correlation.magnitude < 0.03)
  }

  @Test func schedulesEnd() throws {
    let law = Arrivals.poisson(rate: 100)
    let all = try #require(law.schedule(count: 1000, seconds: nil, seed: 3))
    #expect(
      law.schedule(count: 1000, seconds: nil, seed: 3) == all && law.schedule(count: 1000, seconds: nil, seed: 4) != all
    )
    #expect(law.schedule(count: nil, seconds: 2, seed: 3) == all.filter { $0 < 2 })
    #expect(law.schedule(count: 5, seconds: 2, seed: 3) == Array(all.prefix(5)))
    #expect(Arrivals.closed(clients: 3).schedule(count: 5, seconds: nil, seed: 0) == nil)
    #expect(Arrivals.recorded([0, 1, 2]).schedule(count: 2, seconds: nil, seed: 0) == [0, 1])
    #expect(Arrivals.recorded([0, 1, 2]).schedule(count: nil, seconds: 0.5, seed: 0) == [0])
  }

  @Test func lengthsFollowTheirLaws() throws {
    var random = Random(seed: 5)
    let uniform = (0..<20_000).map { _ in Lengths.uniform(10...19).draw(&random) }
    for length in 10...19 {
      // Five standard deviations of the binomial law.
      #expect((uniform.count { $0 == length } - 2000).magnitude < 212, "\(length)")
    }
    #expect(Set(uniform) == Set(10...19))
    let law = Lengths.logNormal(median: 500, sigma: 0.5, range: 1...100_000)
    let values = (0..<20_000).map { _ in Double(law.draw(&random)) }
    // Lengths are whole: the law of n is that of n ± ½.
    #expect(
      distance(values.map { $0 + random.uniform() - 0.5 }) { 0.5 * erfc(-log($0 / 500) / (0.5 * 2.0.squareRoot())) }
        < bound(20_000))
    let mean = values.reduce(0, +) / 20_000
    #expect((mean / (500 * exp(0.125)) - 1).magnitude < 0.02)
    let cut = Lengths.logNormal(median: 500, sigma: 2, range: 400...600)
    #expect((0..<2000).allSatisfy { _ in (400...600).contains(cut.draw(&random)) })
    #expect(Lengths.fixed(7).draw(&random) == 7)
  }

  @Test func lengthsInWords() {
    #expect(Lengths("105") == .fixed(105) && Lengths("64-256") == .uniform(64...256))
    #expect(Lengths("lognormal:100:0.5:10-1000") == .logNormal(median: 100, sigma: 0.5, range: 10...1000))
    #expect(Lengths("lognormal:100:0.5") == .logNormal(median: 100, sigma: 0.5, range: 1...Lengths.most))
    for wrong in [
      "", "0", "-1", "1-", "5-1", "0-5", "1000001", "99999999999999999999", "a", "1.5", "lognormal", "lognormal:100",
      "lognormal:nan:1", "lognormal:100:0", "lognormal:100:inf", "lognormal:100:-1", "lognormal:5:1:10-20",
      "lognormal:100:0.5:1-2-3", "normal:1:2", "1:2", "+5", "lognormal:inf:1",
    ] {
      #expect(Lengths(wrong) == nil, "\(wrong)")
    }
    for text in ["7", "1-9", "lognormal:100.0:0.5:10-1000"] { #expect(Lengths(text)?.description == text) }
  }

  @Test func percentilesAgainstClosedForms() throws {
    let summary = try #require(LatencySummary((0...100).map { Double($0) / 100 }.shuffled()))
    #expect((summary.p50 - 0.5).magnitude < 1e-12 && (summary.p90 - 0.9).magnitude < 1e-12)
    #expect((summary.p99 - 0.99).magnitude < 1e-12 && (summary.mean - 0.5).magnitude < 1e-12 && summary.max == 1)
    #expect(summary.count == 101 && LatencySummary([]) == nil)
    let one = try #require(LatencySummary([3]))
    #expect(one.p50 == 3 && one.p99 == 3 && one.mean == 3)
    let two = try #require(LatencySummary([1, 2]))
    #expect(two.p50 == 1.5 && (two.p90 - 1.9).magnitude < 1e-12)
  }

  @Test func timesOfAnAnswer() {
    let answer = AnswerTimes(due: 10, sent: 10.5, events: [11, 11.5, 13], end: 13.25, outputTokens: 6)
    #expect(answer.firstToken == 1 && answer.gaps == [0.5, 1.5] && answer.interToken == 0.4 && answer.endToEnd == 3.25)
    // Two of three events, so four of six tokens.
    #expect(answer.tokens(in: 10...12) == 4 && answer.tokens(in: 0...20) == 6 && answer.tokens(in: 0...1) == 0)
    let silent = AnswerTimes(due: 0, sent: 0, events: [], end: 1, outputTokens: 0)
    #expect(
      silent.firstToken == nil && silent.interToken == nil && silent.gaps.isEmpty && silent.tokens(in: 0...1) == 0)
  }

  @Test func objectives() throws {
    let answer = AnswerTimes(due: 0, sent: 0, events: [0.4, 0.5, 1.0], end: 1.2, outputTokens: 3)
    for (text, holds) in [
      ("ttft=400ms", true), ("ttft=0.39s", false), ("itl=300ms", true), ("itl=299ms", false), ("gap=500ms", true),
      ("gap=499ms", false), ("e2e=1.2s", true), ("e2e=1199ms", false), ("ttft=1s,itl=1s,gap=1s,e2e=2s", true),
      ("ttft=1s,e2e=1s", false),
    ] {
      #expect(try ServiceObjective(text).holds(for: answer) == holds, "\(text)")
    }
    for wrong in [
      "", "ttft", "ttft=", "ttft=5", "ttft=-1s", "ttft=nans", "ttft=infs", "x=1s", "ttft=1s,", "ttft=1s,ttft=2s",
    ] {
      #expect(throws: LoadError.self, "\(wrong)") { try ServiceObjective(wrong) }
    }
  }

  @Test func traces() throws {
    let text = """
      {"arrival": 1.5, "prompt_tokens": 10, "output_tokens": 20, "more": [1]}

      {"timestamp": 250, "input_length": 7, "output_length": 3, "hash_ids": [1, 2]}\r
      {"arrival": 1.5, "prompt_tokens": 11, "output_tokens": 21}
      """
    let trace = try Trace(Array(text.utf8))
    #expect(trace.entries.map(\.arrival) == [0.25, 1.5, 1.5] && trace.entries.map(\.promptTokens) == [7, 10, 11])
    #expect(trace.entries.map(\.outputTokens) == [3, 20, 21])
  }

  @Test(arguments: [
    ("", 1), ("\n\n", 3), ("{", 1), ("[]", 1), ("1", 1), ("null", 1), ("{}", 1),
    ("{\"arrival\": -1, \"prompt_tokens\": 1, \"output_tokens\": 1}", 1),
    ("{\"arrival\": 1e300, \"prompt_tokens\": 1, \"output_tokens\": 1}", 1),
    ("{\"arrival\": \"0\", \"prompt_tokens\": 1, \"output_tokens\": 1}", 1),
    ("{\"arrival\": 0, \"prompt_tokens\": 0, \"output_tokens\": 1}", 1),
    ("{\"arrival\": 0, \"prompt_tokens\": 1.5, \"output_tokens\": 1}", 1),
    ("{\"arrival\": 0, \"prompt_tokens\": 1, \"output_tokens\": 99999999999999999999}", 1),
    ("{\"arrival\": 0, \"prompt_tokens\": 1, \"output_tokens\": 1000001}", 1),
    ("{\"arrival\": 0, \"prompt_tokens\": 1}", 1),
    ("{\"timestamp\": 0, \"prompt_tokens\": 1, \"output_tokens\": 1}", 1),
    ("{\"arrival\": 0, \"prompt_tokens\": 1, \"output_tokens\": 1}\nx", 2),
    ("{\"arrival\": 0, \"prompt_tokens\": 1, \"output_tokens\": 1}\n\u{0}", 2),
  ])
  func aTraceIsChecked(_ text: String, _ line: Int) {
    let error = #expect(throws: LoadError.self) { try Trace(Array(text.utf8)) }
    guard case .invalidTrace(line, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aTraceOfDeepNestingIsRefused() {
    let deep = "{\"arrival\": " + String(repeating: "[", count: 100_000)
    #expect(throws: LoadError.self) { try Trace(Array(deep.utf8)) }
  }

  @Test func settingsAreChecked() throws {
    var settings = LoadSettings(model: "m")
    #expect(throws: LoadError.self) { try settings.validate() }
    settings.requests = 1
    try settings.validate()
    for change: (inout LoadSettings) -> Void in [
      { $0.requests = 0 }, { $0.seconds = .nan }, { $0.seconds = -1 }, { $0.warmUp = -1 }, { $0.maxInFlight = 0 },
      { $0.arrivals = .closed(clients: 0) }, { $0.arrivals = .poisson(rate: .nan) },
      { $0.arrivals = .poisson(rate: 0) },
      { $0.arrivals = .poisson(rate: .infinity) },
      { ($0.arrivals, $0.requests, $0.seconds) = (.poisson(rate: 1000), nil, 1000) },
    ] {
      var wrong = settings
      change(&wrong)
      #expect(throws: LoadError.self) { try wrong.validate() }
    }
  }
}
