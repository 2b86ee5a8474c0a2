import Profiling
import Venturi

/// What `profile` says.
struct ProfileReport {
  let profile: ModelProfile
  let description: ModelDescription
  let path: String
  let compute: ComputeMode
  let workload: ModelProfile.Workload
  /// The techniques that may address what is found.
  let registry = TechniqueRegistry.builtIn

  func json(byLayer: Bool) -> JSON {
    .object(
      [
        JSON.Member("model", .string(description.name)), JSON.Member("path", .string(path)),
        JSON.Member("types", .string(description.weightTypes)), JSON.Member("compute", .string(compute.rawValue)),
        JSON.Member("threads", .integer(profile.limits.ceilings.threads)), JSON.Member("machine", MachineReport.json),
        JSON.Member(
          "workload",
          [
            "prompt": .integer(workload.prompt), "generated": .integer(workload.generated),
            "depths": .array(workload.depths.map { .integer($0) }), "batchSize": .integer(workload.chunk),
          ]),
      ] + profile.members(byLayer: byLayer, advice: registry.names(addressing:)))
  }

  func text(byLayer: Bool) -> String {
    ([conditions] + profile.phases.map { phase($0, byLayer: byLayer) } + [opportunities]).joined(separator: "\n\n")
  }

  private var conditions: String {
    let ceilings = profile.limits.ceilings
    func rate(_ value: Double?) -> String { value.map { Human.fixed($0, 0) } ?? "–" }
    let chains = Ceilings.Chain.allCases.map { "\($0.rawValue) \(rate(ceilings.chains[$0]?.max))" }
    let places =
      profile.limits.caches.map { "\($0.name) \(rate($0.read.max))" } + [
        "memory \(rate(ceilings.bestRead.max))"
      ]
    return Human.table([
      ["model", "\(description.name), \(description.weightTypes), compute \(compute.rawValue)"],
      [
        "machine",
        "\(MachineReport.processor), \(ceilings.threads) thread\(ceilings.threads == 1 ? "" : "s"), "
          + "kernels \(KernelSet.preferred.rawValue)",
      ],
      [
        "limits",
        "\(chains.joined(separator: ", ")) G operations/s; reads: \(places.joined(separator: ", ")) GB/s "
          + "(memory: sweeps of \(Human.bytes(profile.limits.sweptBytes)))",
      ],
    ])
  }

  private func phase(_ phase: PhaseProfile, byLayer: Bool) -> String {
    let milliseconds = Human.fixed(phase.step.median * 1e3, 3)
    let ends = [phase.quartiles.lowerBound, phase.quartiles.upperBound].map { Human.fixed($0 * 1e3, 3) }
    let range = "quartiles \(ends[0])–\(ends[1])"
    let what =
      phase.phase == .prefill
      ? "prefill of \(phase.test.tokens) tokens" : "decode of a token at depth \(phase.test.depth)"
    var title = "\(what): \(milliseconds) ms (\(range)), \(Human.fixed(phase.tokensPerSecond, 1)) tokens/s; "
    title += "median of \(phase.step.count) steps; operators make up \(percent(phase.accounted))"
    if let overhead = phase.overhead {
      title += ", timing them costs \(percent(overhead.median - 1)) "
      title += "(\(percent(overhead.low - 1)) to \(percent(overhead.high - 1)))"
    }
    var header = [
      "operator", "calls", "ms", "share", "MFLOP", "MB", "GFLOP/s", "GB/s", "roof ms", "achieved", "bound", "above ms",
    ]
    if byLayer { header.insert("layer", at: 0) }
    let rows = phase.rows(byLayer: byLayer).map { cells($0, phase.rowSeconds, byLayer: byLayer) }
    let numeric = Set((1...9) + [11]).map { byLayer ? $0 + 1 : $0 }
    return title + "\n" + Human.table([header] + rows, numeric: Set(numeric))
  }

  private func cells(_ row: ProfileRow, _ step: Double, byLayer: Bool) -> [String] {
    let isOperator = row.calls > 0
    func number(_ value: Double, _ digits: Int) -> String { isOperator ? Human.fixed(value, digits) : "" }
    let bound = row.bound == .memory && row.place != "memory" ? "memory (\(row.place))" : row.bound.rawValue
    return (byLayer ? [row.layer.map(String.init) ?? ""] : []) + [
      row.name, isOperator ? "\(row.calls)" : "", Human.fixed(row.seconds * 1e3, 3), percent(row.seconds / step),
      number(row.cost.flops * 1e-6, 2), number(row.cost.bytes * 1e-6, 3), number(row.flopsPerSecond * 1e-9, 1),
      number(row.bytesPerSecond * 1e-9, 1), number(row.roofline * 1e3, 3), isOperator ? percent(row.achieved) : "",
      bound, Human.fixed(row.aboveRoofline * 1e3, 3),
    ]
  }

  private var opportunities: String {
    var work: [String] = []
    if workload.prompt > 0 { work.append("\(workload.prompt) prompt tokens") }
    if workload.generated > 0 {
      work.append(
        "\(workload.generated) tokens at depth \(workload.depths.map(String.init).joined(separator: " and "))")
    }
    let whole = Human.fixed(profile.workloadSeconds * 1e3, 1)
    let lines = profile.opportunities(advice: registry.names(addressing:)).enumerated().map { index, one in
      let parts = one.operators.map { part in
        "\(part.name) (\(part.test)) \(Human.fixed(part.seconds * 1e3, 1)) ms"
      }
      let advice = one.advice.isEmpty ? "" : "; optimize may help by \(one.advice.joined(separator: ", "))"
      return "\(index + 1). \(one.bottleneck.phase.rawValue), \(one.bottleneck.limit.rawValue): "
        + "\(Human.fixed(one.seconds * 1e3, 1)) ms above the roofline, \(percent(one.share)) of the workload: "
        + parts.joined(separator: ", ") + advice
    }
    return "largest opportunities (workload: \(work.joined(separator: ", ")); \(whole) ms)\n"
      + lines.joined(separator: "\n")
  }

  private func percent(_ share: Double) -> String { "\(Human.fixed(share * 100, 1)) %" }
}
