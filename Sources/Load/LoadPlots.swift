import Plots

/// Pictures of what loads measured.
public enum LoadPlots {
  /// How many of the answers had come after so long: time to the first token, and to the end.
  public static func latencies(_ result: LoadResult) -> Plot {
    Plot(
      "latency", title: "Share of answers that came within a time, \(result.settings.arrivals.name)",
      x: .init("time (s)", logarithmic: true), y: .init("share of answers (%)"),
      series: [
        Plot.Series("first token", shares(result.answers.compactMap(\.firstToken))),
        Plot.Series("whole answer", shares(result.answers.map(\.endToEnd))),
      ])
  }

  /// The empirical distribution at a hundred points at most.
  static func shares(_ times: [Double]) -> [Plot.Point] {
    let sorted = times.sorted()
    let points = min(sorted.count, 100)
    return (1...max(1, points)).compactMap { point in
      guard !sorted.isEmpty else { return nil }
      let index = max(0, sorted.count * point / points - 1)
      return Plot.Point(x: sorted[index], y: 100 * Double(index + 1) / Double(sorted.count))
    }
  }

  /// Tokens a second over the number of clients.
  public static func throughput(_ runs: [(clients: Int, result: LoadResult)]) -> [Plot] {
    let clients = Plot.Axis("clients", logarithmic: true)
    return [
      Plot(
        "throughput", title: "Generated tokens a second", x: clients, y: .init("tokens/s"),
        series: [Plot.Series("all requests", runs.map { .init(x: Double($0.clients), y: $0.result.tokensPerSecond) })]),
      Plot(
        "first-token", title: "Time to the first token", x: clients, y: .init("time (ms)", logarithmic: true),
        series: [("p50", \LatencySummary.p50), ("p90", \.p90), ("p99", \.p99)].map { name, path in
          Plot.Series(
            name,
            runs.compactMap { run in
              run.result.firstToken.map { .init(x: Double(run.clients), y: $0[keyPath: path] * 1000) }
            })
        }),
    ]
  }

  /// The servers' tokens a second and times to the first token over the number of clients; medians of the rounds with their ranges.
  public static func contest(_ runs: [(clients: Int, result: ContestResult)]) -> [Plot] {
    let clients = Plot.Axis("clients", logarithmic: true)
    let names = runs.first?.result.names ?? []
    func series(_ scale: Double, _ path: (ContestResult, String) -> (Double, Double, Double)?) -> [Plot.Series] {
      names.map { name in
        Plot.Series(
          name,
          runs.compactMap { run in
            path(run.result, name).map {
              Plot.Point(x: Double(run.clients), y: $0.0 * scale, low: $0.1 * scale, high: $0.2 * scale)
            }
          })
      }
    }
    return [
      Plot(
        "throughput", title: "Generated tokens a second, all clients together", x: clients, y: .init("tokens/s"),
        series: series(1) { result, name in
          result.summary(name, "tokensPerSecond").map { ($0.median, $0.min, $0.max) }
        }),
      Plot(
        "first-token", title: "Median time to the first token", x: clients, y: .init("time (ms)", logarithmic: true),
        series: series(1000) { result, name in
          result.summary(name, "timeToFirstToken", "p50").map { ($0.median, $0.min, $0.max) }
        }),
    ]
  }
}
