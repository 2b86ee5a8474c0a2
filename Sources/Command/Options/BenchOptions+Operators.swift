import Profiling
import Venturi

extension BenchOptions {
  /// Measures operators beside the peers, and prints each row when it is there and the whole table at the end.
  ///
  /// - Throws: what ``OperatorBenchmark`` throws.
  func measure(
    _ cases: [any OperatorCase], subject: String, threads: CountList, output: OutputOptions,
    findings: [JSON.Member] = []
  ) throws {
    let benchmark = OperatorBenchmark(
      cases: cases, threads: threads.values, peers: peers, timing: timing, fingerprint: fingerprint(subject))
    let progress = ProgressBar("bench")
    defer { progress.finish() }
    let result = try benchmark.run(
      catalogue: PeerCatalogue.installed, store: try store(),
      report: { row in
        progress.finish()
        Output.note(BenchTable.line(row))
        progress.show("measuring")
      })
    progress.finish()
    let report: JSON = [
      "pairs": .integer(pairs), "machine": MachineReport.json, "ceilings": .array(result.ceilings),
      "geometricMean": OperatorBenchmark.geometricMean(result.rows),
      "smallest": OperatorBenchmark.smallest(result.rows), "rows": .array(result.rows),
    ]
    let whole = JSON.object((report.members ?? []) + findings)
    Output.answer(output.json ? whole.line : BenchTable.text(result.rows))
  }
}
