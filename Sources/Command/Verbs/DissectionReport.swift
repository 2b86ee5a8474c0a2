import Console
import Profiling

/// What `bench dissect` says: a table for each level, what was refused, and the verdict.
struct DissectionReport {
  let result: DissectionResult

  var text: String {
    var parts = [level1]
    for cell in result.cells {
      parts.append(level2(cell))
      if !cell.products.isEmpty { parts.append(level3(cell)) }
      parts.append(traffic(cell))
    }
    if !result.refused.isEmpty {
      parts.append("refused\n" + result.refused.map { "\($0.name): \($0.reason)" }.joined(separator: "\n"))
    }
    return (parts + [result.verdict]).joined(separator: "\n\n")
  }

  private var peak: Double { result.ceilings.chains[.f32]?.median ?? .nan }
  private var rate: Double { result.ceilings.bestRead.median }

  private static func percent(_ share: Double) -> String { Human.fixed(100 * share, 1) }
  private static func mega(_ bytes: Int) -> String { Human.fixed(Double(bytes) / 1e6, 1) }
  private static func milli(_ seconds: Double) -> String { Human.fixed(1e3 * seconds, 2) }

  private var level1: String {
    let header = [
      "cell", "tokens/s", "step ms", "forward", "backward", "again", "optimizer", "idle", "MB weights", "gradients",
      "state", "activations", "rest", "peak", "on disk", "largest",
    ]
    let rows = result.cells.map { cell in
      let memory = cell.memory
      return [
        cell.cell.name, Human.fixed(cell.tokensPerSecond, 1), Self.milli(cell.step.median), Self.milli(cell.forward),
        Self.milli(cell.backward - cell.recompute), Self.milli(cell.recompute), Self.milli(cell.optimizer),
        Self.milli(cell.idle), Self.mega(memory.weights), Self.mega(memory.gradients), Self.mega(memory.optimizer),
        Self.mega(memory.activations), Self.mega(memory.rest), Self.mega(memory.peak), Self.mega(memory.onDisk),
        cell.largest.map { "\($0.rows)" } ?? "–",
      ]
    }
    return "level 1: steps of \(result.cells.first.map { "\($0.rows) × \($0.length)" } ?? "no") tokens\n"
      + Human.table([header] + rows, numeric: Set(1...15))
  }

  private func level2(_ cell: DissectedCell) -> String {
    let header = ["phase", "module", "calls", "ms", "share %", "GFLOP", "GFLOP/s", "of peak %", "GB/s"]
    let rows = cell.modules.map { one in
      [
        one.phase.rawValue, one.name, "\(one.calls)", Self.milli(one.seconds),
        Self.percent(one.seconds / cell.timedStep),
        Human.fixed(one.cost.flops * 1e-9, 2), Human.fixed(one.flopsPerSecond * 1e-9, 1),
        Self.percent(one.flopsPerSecond * 1e-9 / peak), Human.fixed(one.bytesPerSecond * 1e-9, 1),
      ]
    }
    return
      "level 2 of \(cell.cell.name): modules and idle time make \(Self.percent(cell.accounted)) % of an untimed step\n"
      + Human.table([header] + rows, numeric: Set(2...8))
  }

  private func level3(_ cell: DissectedCell) -> String {
    let header = ["product", "M", "N", "K", "batch", "runs", "alone ms", "in step ms", "GFLOP/s", "of peak %"]
    let rows = cell.products.map { one in
      [
        one.name, "\(one.m)", "\(one.n)", "\(one.k)", "\(one.batch)", "\(one.count)",
        Self.milli(one.alone * Double(one.count)), Self.milli(one.inStep), Human.fixed(one.flopsPerSecond * 1e-9, 1),
        Self.percent(one.flopsPerSecond * 1e-9 / peak),
      ]
    }
    return "level 3 of \(cell.cell.name): products alone, all runs of a step\n"
      + Human.table([header] + rows, numeric: Set(1...9))
  }

  private func traffic(_ cell: DissectedCell) -> String {
    let header = ["phase", "operators", "calls", "ms", "MB", "GB/s", "of memory's rate %"]
    let rows = cell.traffic.map { one in
      [
        one.phase.rawValue, one.kind.rawValue, "\(one.calls)", Self.milli(one.seconds), Human.fixed(one.bytes / 1e6, 1),
        Human.fixed(one.bytesPerSecond * 1e-9, 1), Self.percent(one.bytesPerSecond * 1e-9 / rate),
      ]
    }
    return "level 3 of \(cell.cell.name): what memory holds up\n" + Human.table([header] + rows, numeric: Set(2...6))
  }

  static func text(of result: ServingDissection.Result) -> String {
    func tenths(_ sorted: [Double]) -> [String] {
      let shares = ServingDissection.Burst.distribution(sorted)
      return [0, 4, 8, 9].map { $0 < shares.count ? milli(shares[$0]) : "–" }
    }
    let header = ["requests", "tokens/s", "first: p10", "p50", "p90", "p100", "per token: p10", "p50", "p90", "p100"]
    let rows = result.bursts.map {
      ["\($0.requests)", Human.fixed($0.tokensPerSecond, 1)] + tenths($0.first) + tenths($0.steps)
    }
    func modules(_ step: DissectedStep, _ name: String) -> String {
      let header = ["module", "calls", "ms", "share %", "GFLOP/s", "GB/s"]
      let rows = DissectedModule.modules(of: [step]).map { one in
        [
          one.name, "\(one.calls)", milli(one.seconds), percent(one.seconds / step.seconds),
          Human.fixed(one.flopsPerSecond * 1e-9, 1), Human.fixed(one.bytesPerSecond * 1e-9, 1),
        ]
      }
      return "level 2: \(name), \(milli(step.seconds)) ms\n" + Human.table([header] + rows, numeric: Set(1...5))
    }
    return [
      "level 1: requests at once, times in ms\n" + Human.table([header] + rows, numeric: Set(0...9)),
      modules(result.prefill, "a prompt"), modules(result.decode, "a step of all requests"), result.verdict,
    ].joined(separator: "\n\n")
  }
}
