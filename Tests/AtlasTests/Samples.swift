import Atlas
import Catalogue
import Costs
import Formats
import Planner
import Plots
import Profiling

/// Results that were not measured, for tests of what is done with results.
enum Samples {
  static func measure(
    _ ratio: Double? = 2, target: Measure.Target? = .atLeast(1.5), absent: String? = nil
  ) -> Measure {
    Measure(
      "a | b", unit: "GFLOP/s", ours: Summary([10, 12, 11]), peer: ratio == nil ? nil : Summary([5, 6, 5.5]),
      peerName: "a peer", ratio: ratio.flatMap { RatioEstimate(ours: [1, 1, 1], theirs: [$0, $0 * 1.1, $0 * 0.9]) },
      target: target, absent: absent)
  }

  static func result(
    _ number: Int = 67, checks: [Check] = [Check("it holds", passed: true, detail: "3 cases")],
    measures: [Measure] = [measure()], predictions: [Prediction] = [prediction(of: 105)], quick: Bool = false,
    machine: String = "A processor",
    date: String = "2026-01-02T03:04:05Z"
  ) -> ReproductionResult {
    ReproductionResult(
      entry: Catalogue.entries[number - 1], checks: checks, measures: measures, predictions: predictions,
      plots: [plot, bars],
      unbuilt: ["the other half"], quick: quick, machine: ["processor": .string(machine), "threads": 2], date: date)
  }

  /// A prediction of the published figure 100, within 10 %.
  static func prediction(of value: Double) -> Prediction {
    Prediction(
      of: Published("a paper's row", Figure(100, source: "a paper", date: "2020-01"), verified: true), predicted: value,
      plainRoofline: 200, limit: 0.1, heldOut: true)
  }

  static let plot = Plot(
    "time", title: "Time <& \"size\"", x: .init("N", logarithmic: true), y: .init("time (ms)", logarithmic: true),
    series: [
      .init("ours", [512, 1024, 4096].map { .init(x: $0, y: $0 / 100, low: $0 / 128, high: $0 / 64) }),
      .init("naive & slow", [512, 1024, 4096].map { .init(x: $0, y: $0 * $0 / 1024) }),
    ])

  static let bars = Plot(
    "speed", title: "Speed", kind: .bars, x: .init("N = 4096"), y: .init("GFLOP/s"),
    series: [.init("ours", [.init(x: 0, y: 312, low: 300, high: 320)]), .init("theirs", [.init(x: 0, y: 120)])])
}
