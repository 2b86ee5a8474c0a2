import Planner
import Profiling

extension NexusExperiment {
  private static let chunked = NexusScheduler.chunked(rows: 2048)

  private static func shared(_ change: (inout NexusPolicy) -> Void = { _ in }) -> NexusScheduler {
    var policy = NexusPolicy()
    change(&policy)
    return .shared(policy)
  }

  /// What the paper has of each workload: times vLLM's throughput, from and to.
  private static let workloads: [(workload: NexusWorkload, published: ClosedRange<Double>)] = [
    (.longData, 1.5...1.8), (.arXiv, 1.5...1.8), (.mixed, 1.9...1.9),
  ]

  /// Limits on tokens and first tokens: the one that counts, chosen before any run, then others.
  private static let limits: [(name: String, limit: NexusLimit)] = [
    ("P95 gap 200 ms, mean first token 2 s", .usual),
    ("P95 gap 100 ms, mean first token 2 s", NexusLimit(gap: 0.1, firstToken: 2)),
    ("P95 gap 400 ms, mean first token 2 s", NexusLimit(gap: 0.4, firstToken: 2)),
    ("any gap, mean first token 10 s", NexusLimit(gap: 1e9, firstToken: 10)),
  ]

  /// Rates, times, and what each part of it brings.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let plan = try NexusPrediction.plan()
    let seconds = conditions.quick ? 300.0 : 1800
    var measures = try rates(plan, seconds: seconds, conditions)
    measures += try times(plan, seconds: seconds, conditions)
    measures += try narrow(plan, conditions)
    measures += slowdowns(plan)
    return measures
  }

  /// What is left where a share of the processors has a share of the bandwidth, as real ones do: all of it from 30 % on, assumed.
  private func narrow(_ plan: NexusPlan, _ conditions: RunConditions) throws -> [Measure] {
    var constants = NexusCosts.Constants()
    constants.trafficShare = 0.3
    let narrow = try NexusPrediction.plan(constants: constants)
    return try Self.workloads.map { workload, _ in
      try conditions.next("\(workload.rawValue): traffic that needs processors")
      return Measure(
        "\(workload.rawValue), answers a second where requests never lack and traffic needs 30 % of the processors",
        unit: "requests/s", ours: Summary([try narrow.saturatedRate(workload, Self.shared(), requests: 1000)]),
        peer: Summary([try plan.saturatedRate(workload, Self.chunked, requests: 1000)]),
        peerName: "chunks of 2048, simulated")
    }
  }

  private func rates(_ plan: NexusPlan, seconds: Double, _ conditions: RunConditions) throws -> [Measure] {
    var measures: [Measure] = []
    let cases = Self.workloads.flatMap { row in Self.limits.map { (row.workload, row.published, $0.name, $0.limit) } }
    try conditions.next("sustained rates, \(2 * cases.count) searches")
    let found = try SimulationSweep.map(cases, threads: conditions.threads) { row throws(PlannerError) in
      (
        ours: try plan.sustainedRate(row.0, Self.shared(), limit: row.3, seconds: seconds),
        theirs: try plan.sustainedRate(row.0, Self.chunked, limit: row.3, seconds: seconds)
      )
    }
    for (row, rates) in zip(cases, found) {
      let name = "\(row.0.rawValue), sustained rate, \(row.2)"
      measures.append(
        Measure(
          name, unit: "requests/s", ours: Summary([rates.ours]), peer: Summary([rates.theirs]),
          peerName: "chunks of 2048, simulated"))
      guard row.3 == .usual else { continue }
      let ratio = rates.ours / rates.theirs
      let away = max(0, 1 - ratio / row.1.lowerBound, ratio / row.1.upperBound - 1)
      measures.append(
        Measure(
          "\(name), times the chunks', distance from the published \(row.1.lowerBound) to \(row.1.upperBound)",
          unit: "%",
          ours: Summary([100 * (ratio.isFinite ? away : .nan)]), target: .atMost(25, .ours)))
    }
    return measures
  }

  private func times(_ plan: NexusPlan, seconds: Double, _ conditions: RunConditions) throws -> [Measure] {
    var measures: [Measure] = []
    for (workload, _) in Self.workloads {
      try conditions.next("\(workload.rawValue): times at 80 % of what chunks can serve")
      let saturated = try plan.saturatedRate(workload, Self.chunked, requests: 1000)
      measures.append(
        Measure(
          "\(workload.rawValue), answers a second where requests never lack", unit: "requests/s",
          ours: Summary([try plan.saturatedRate(workload, Self.shared(), requests: 1000)]), peer: Summary([saturated]),
          peerName: "chunks of 2048, simulated"))
      let requests = try workload.requests(rate: 0.8 * saturated, seconds: seconds, seed: 0)
      let schedulers: [(name: String, scheduler: NexusScheduler)] = [
        ("Nexus", Self.shared()), ("Nexus, prompts as they come", Self.shared { $0.prompts = .arrival }),
        ("Nexus, blind to contention", Self.shared { $0.knowsContention = false }),
        ("half and half", Self.shared { $0.sharing = .fixed(50) }),
        ("half and half, prompts as they come", Self.shared { ($0.sharing, $0.prompts) = (.fixed(50), .arrival) }),
        ("70 % for prompts", Self.shared { $0.sharing = .fixed(70) }),
      ]
      let base = try plan.serve(requests, Self.chunked).serving
      let reports = try SimulationSweep.map(schedulers, threads: conditions.threads) { row throws(PlannerError) in
        try plan.serve(requests, row.scheduler)
      }
      let figures: [(name: String, of: (ServingReport) -> Double)] = [
        ("mean first token", { $0.mean(\.firstToken) }), ("mean gap", { $0.gaps.mean }),
        ("P95 gap", { $0.gaps.percentile(95) }),
      ]
      for ((name, _), report) in zip(schedulers, reports) {
        for (figure, value) in figures {
          measures.append(
            Measure(
              "\(workload.rawValue) at 80 %, \(name), \(figure), prompts had \(Int(report.promptPercent.rounded())) %",
              unit: "ms",
              ours: Summary([1e3 * value(report.serving)]), peer: Summary([1e3 * value(base)]),
              peerName: "chunks of 2048, simulated"))
        }
      }
      let nexus = reports[0]
      measures.append(
        Measure(
          "\(workload.rawValue) at 80 %, times shorter to the mean first token", unit: "",
          ours: Summary([base.mean(\.firstToken) / nexus.serving.mean(\.firstToken)]), target: .atLeast(2, .ours)))
      let full = try workload.requests(rate: saturated, seconds: seconds, seed: 0)
      measures.append(
        Measure(
          "\(workload.rawValue) at all that chunks can serve, mean first token", unit: "ms",
          ours: Summary([1e3 * (try plan.serve(full, Self.shared())).serving.mean(\.firstToken)]),
          peer: Summary([1e3 * (try plan.serve(full, Self.chunked)).serving.mean(\.firstToken)]),
          peerName: "chunks of 2048, simulated"))
      measures.append(
        Measure(
          "\(workload.rawValue) at 80 %, estimates of a decision", unit: "",
          ours: Summary([Double(nexus.evaluations) / Double(max(1, nexus.decisions))])))
      measures.append(
        Measure(
          "\(workload.rawValue) at 80 %, decisions that switch", unit: "%",
          ours: Summary([100 * Double(nexus.switches) / Double(max(1, nexus.decisions))])))
    }
    return measures
  }

  /// What a prompt's keys do to tokens, over the batches that the paper does not tell.
  private func slowdowns(_ plan: NexusPlan) -> [Measure] {
    [(8, 1024), (32, 1024), (32, 4096), (128, 1024)].map { sequences, context in
      let slower = NexusPrediction.slowdown(plan.costs, sequences: sequences, context: context) - 1
      return Measure(
        "tokens of \(sequences) sequences of \(context), slower beside prompts of 10,000 than of 2000 tokens",
        unit: "%",
        ours: Summary([100 * slower]), peer: Summary([36]), peerName: "published")
    }
  }
}
