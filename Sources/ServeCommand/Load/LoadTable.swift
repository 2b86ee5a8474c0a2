import Console
import Load
import Profiling
import Venturi

/// Loads and their figures for people.
enum LoadTable {
  /// A table of runs, times in milliseconds.
  static func text(_ results: [LoadResult]) -> String {
    var rows = [
      [
        "load", "requests", "errors", "tok/s", "req/s", "TTFT p50", "p90", "p99", "ITL p50", "p90", "p99", "E2E p50",
        "p90", "p99",
      ]
    ]
    let hasObjective = results.contains { $0.goodPerSecond != nil }
    if hasObjective { rows[0] += ["good/s", "good"] }
    for result in results {
      var row = [
        result.settings.arrivals.name, "\(result.answered)", "\(result.errors.values.reduce(0, +))",
        Human.fixed(result.tokensPerSecond, 1), Human.fixed(result.requestsPerSecond, 2),
      ]
      for latency in [result.firstToken, result.gaps, result.endToEnd] {
        row += latency.map { [$0.p50, $0.p90, $0.p99].map(milliseconds) } ?? ["–", "–", "–"]
      }
      if hasObjective {
        row += [
          result.goodPerSecond.map { Human.fixed($0, 2) } ?? "–",
          result.goodShare.map { "\(Human.fixed($0 * 100, 0)) %" } ?? "–",
        ]
      }
      rows.append(row)
    }
    return Human.table(rows, numeric: Set(1..<20)) + "\ntimes in ms"
  }

  /// What else is to be known of a run: nothing that makes its figures others than they seem is left out.
  static func remarks(_ result: LoadResult) -> String {
    let name = result.settings.arrivals.name
    var lines = [
      "\(name): \(result.answered) answers, \(Human.fixed(result.tokensPerSecond, 1)) tok/s over "
        + "\(Human.fixed(result.seconds, 1)) s; prompts of \(mean(result.promptTokens, result.answered)) tokens, of which "
        + "\(mean(result.cachedTokens, result.answered)) were cached, answers of \(mean(result.outputTokens, result.answered)); "
        + "the load generator took \(Human.fixed(result.generatorSeconds * 1000, 0)) ms of processor time"
    ]
    for (kind, count) in result.errors.sorted(by: { $0.key < $1.key }) {
      lines.append("\(name): \(count) × \(kind): \(result.examples[kind] ?? "")")
    }
    for (kind, count) in result.warmUpErrors.sorted(by: { $0.key < $1.key }) {
      lines.append("\(name): while warming up, \(count) × \(kind)")
    }
    if result.otherPrompts > 0 {
      lines.append(
        "\(name): the server counts other tokens in \(result.otherPrompts) prompts than they were made to have")
    }
    if result.shortAnswers > 0, !result.settings.endsEarly {
      lines.append("\(name): \(result.shortAnswers) answers are shorter than asked for")
    }
    if result.repeatedPrompts > 0 {
      lines.append("\(name): \(result.repeatedPrompts) requests had a prompt that was sent before")
    }
    if result.resent > 0 {
      lines.append("\(name): the server closed kept connections; \(result.resent) requests were sent again on new ones")
    }
    if let lag = result.lag, lag.p99 > 0.01 {
      lines.append("\(name): requests were sent late, by \(milliseconds(lag.p99)) ms (p99)")
    }
    return lines.joined(separator: "\n")
  }

  /// A round of a contest.
  static func line(round: Int, _ arrivals: Arrivals, _ measured: JSON, _ names: [String]) -> String {
    let parts = names.map { name -> String in
      let figures = measured[name]
      let first = figures?["timeToFirstToken"]?["p50"]?.double.map(milliseconds) ?? "–"
      let speed = figures?["tokensPerSecond"]?.double.map { Human.fixed($0, 1) } ?? "–"
      let failed = (figures?["errors"]?.members ?? []).map { "\($0.value.int ?? 0) × \($0.key)" }
      return "\(name) \(speed) tok/s, TTFT \(first) ms" + (failed.isEmpty ? "" : " (\(failed.joined(separator: ", ")))")
    }
    return "round \(round + 1), \(arrivals.name): " + parts.joined(separator: " · ")
  }

  /// A table of contests: medians of the rounds with their ranges.
  static func text(_ results: [ContestResult]) -> String {
    var rows = [["load", "server", "tok/s", "TTFT p50", "ITL p50", "E2E p50", "MB", "errors", "throughput", "TTFT"]]
    for result in results {
      for name in result.names {
        let json = result.json[name]
        func cell(_ key: String, _ scale: Double, _ digits: Int) -> String {
          guard let figure = json?[key], let median = figure["median"]?.double, let low = figure["min"]?.double,
            let high = figure["max"]?.double
          else { return "–" }
          func shown(_ value: Double) -> String { Human.fixed(value * scale, digits) }
          return "\(shown(median)) (\(shown(low))–\(shown(high)))"
        }
        let isFirst = name == result.names.first
        rows.append([
          isFirst ? result.load : "", name, cell("tokensPerSecond", 1, 1), cell("timeToFirstTokenP50", 1000, 0),
          cell("interTokenP50", 1000, 1), cell("endToEndP50", 1000, 0),
          json?["peakBytes"]?["median"]?.double.map { Human.fixed($0 / 1e6, 0) } ?? "–", "\(json?["errors"]?.int ?? 0)",
          isFirst ? ratio(result.throughputRatio, "×") : "", isFirst ? ratio(result.firstTokenRatio, "× shorter") : "",
        ])
      }
    }
    return Human.table(rows) + "\nmedians (and ranges) of \(results.first?.rounds.count ?? 0) rounds, times in ms"
  }

  private static func ratio(_ ratio: RatioEstimate?, _ word: String) -> String {
    ratio.map { "\(Human.fixed($0.median, 2))\(word) (\(Human.fixed($0.low, 2))–\(Human.fixed($0.high, 2)))" } ?? "–"
  }

  private static func milliseconds(_ seconds: Double) -> String {
    Human.fixed(seconds * 1000, seconds < 0.1 ? 1 : 0)
  }

  private static func mean(_ sum: Int, _ count: Int) -> String {
    count == 0 ? "–" : Human.fixed(Double(sum) / Double(count), 1)
  }
}
