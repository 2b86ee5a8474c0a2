import Console
import Formats
import Planner

extension ServingReport {
  /// Percentiles of the three times, in milliseconds.
  private var times: [(name: String, unit: Double, values: [Double])] {
    func at(_ value: (Answer) -> Double) -> [Double] {
      let sorted = answers.map(value).sorted()
      return [50, 90, 99].map { Self.percentile($0, ofSorted: sorted) }
    }
    return [
      ("ttft", 1e3, at(\.firstToken)), ("tbt", 1e3, [50, 90, 99].map { gaps.percentile($0) }),
      ("e2e", 1, at(\.lastToken)),
    ]
  }

  /// Output tokens a second.
  private var tokensPerSecond: Double {
    seconds > 0 ? Double(answers.reduce(0) { $0 + $1.request.outputTokens }) / seconds : 0
  }

  /// The figures as members of a verb's answer.
  var members: [JSON.Member] {
    func range(_ values: [Double]) -> JSON {
      ["p50": .rounded(values[0]), "p90": .rounded(values[1]), "p99": .rounded(values[2])]
    }
    return [
      JSON.Member("arrived", .integer(arrived)), JSON.Member("answered", .integer(answers.count)),
      JSON.Member("rejected", .integer(rejected)), JSON.Member("unfinished", .integer(unfinished)),
      JSON.Member("seconds", .rounded(seconds)), JSON.Member("requestsPerSecond", .rounded(throughput)),
      JSON.Member("tokensPerSecond", .rounded(tokensPerSecond)),
      JSON.Member("ttftSeconds", range(times[0].values)), JSON.Member("tbtSeconds", range(times[1].values)),
      JSON.Member("e2eSeconds", range(times[2].values)), JSON.Member("utilization", .rounded(utilization)),
      JSON.Member("preemptions", .integer(preemptions)), JSON.Member("losses", .integer(losses)),
      JSON.Member("transfers", .integer(transfers)), JSON.Member("transferredBytes", .rounded(sentBytes, digits: 12)),
      JSON.Member("events", .integer(Int(events))),
      JSON.Member(
        "machines",
        .array(
          machines.indices.map { index in
            let machine = machines[index]
            return [
              "name": .string(machine.name), "utilization": .rounded(utilization(index)),
              "iterations": .integer(machine.iterations), "promptTokens": .integer(machine.promptTokens),
              "outputTokens": .integer(machine.outputTokens), "mostBlocks": .integer(machine.mostBlocks),
              "borrowed": .integer(machine.borrowed), "failures": .integer(machine.failures),
            ]
          })),
    ]
  }

  /// The figures as text.
  var text: String {
    var rows = [["", "p50", "p90", "p99", ""]]
    for (name, unit, values) in times {
      rows.append([name] + values.map { Human.fixed($0 * unit, unit == 1 ? 2 : 1) } + [unit == 1 ? "s" : "ms"])
    }
    let faults = losses > 0 ? ", \(losses) lost with a machine" : ""
    let refused = rejected > 0 ? ", \(rejected) too long for any machine" : ""
    let left = unfinished > 0 ? ", \(unfinished) unfinished" : ""
    let moves = transfers > 0 ? "\n\(transfers) states moved, \(Human.fixed(sentBytes / 1e9, 1)) GB" : ""
    let busy = machines.indices.map { Human.fixed(100 * utilization($0), 0) }
    let shown = busy.prefix(16).joined(separator: " ") + (busy.count > 16 ? " …" : "")
    return """
      \(answers.count) of \(arrived) requests answered in \(Human.fixed(seconds, 1)) s\(refused)\(left)
      \(Human.fixed(throughput, 2)) requests/s, \(Human.fixed(tokensPerSecond, 1)) tokens/s

      \(Human.table(rows, numeric: [1, 2, 3]))

      machines busy \(Human.fixed(100 * utilization, 1)) % (\(shown)), \(preemptions) preemptions\(faults)\(moves)
      """
  }

  /// The first iterations as a trace for Chrome or Perfetto, a row for each machine.
  var trace: JSON {
    var events: [JSON] = machines.enumerated().map { index, machine in
      [
        "name": "thread_name", "ph": "M", "pid": 1, "tid": .integer(index + 1), "args": ["name": .string(machine.name)],
      ]
    }
    for span in spans {
      let batch = span.batch
      let name = batch.promptTokens == 0 ? "tokens" : batch.sequences == 0 ? "prompts" : "prompts and tokens"
      events.append([
        "name": .string(name), "ph": "X", "pid": 1, "tid": .integer(span.machine + 1),
        // Whole nanoseconds, as every trace of ours.
        "ts": .number((span.start * 1e9).rounded() / 1e3), "dur": .number((span.seconds * 1e9).rounded() / 1e3),
        "args": [
          "promptTokens": .integer(batch.promptTokens), "sequences": .integer(batch.sequences),
          "contextTokens": .integer(batch.contextTokens),
        ],
      ])
    }
    return ["traceEvents": .array(events), "displayTimeUnit": "ms"]
  }
}
