import Catalogue
import Formats
import Plots

/// `RESULTS.md`, and the files that it and the web page show, from what a store holds.
public struct ResultsReport {
  /// The newest run of each system on each machine.
  public var runs: [ResultStore.Run]
  /// Tables of `venturi bench`, newest first.
  public var tables: [ResultStore.Table]
  /// The folder, beside `RESULTS.md`, for pictures and data.
  public static let folder = "Results"

  /// A report of a store.
  ///
  /// - Throws: ``StoreError``.
  public init(_ store: ResultStore) throws(StoreError) {
    runs = try store.newest()
    tables = try store.tables()
  }

  /// A report from its parts.
  public init(runs: [ResultStore.Run], tables: [ResultStore.Table] = []) {
    self.runs = runs
    self.tables = tables
  }

  /// The files by their paths from the folder of `RESULTS.md`.
  public var files: [(path: String, content: String)] {
    var files = [("RESULTS.md", markdown), ("\(Self.folder)/results.json", data.pretty + "\n")]
    for (index, run) in runs.enumerated() {
      for plot in Self.plots(run) { files.append((path(of: plot, run: index), plot.svg)) }
    }
    return files
  }

  /// All of it as one object: every system's row with its newest results, and the tables.
  public var data: JSON {
    [
      "systems": .array(Catalogue.entries.map(\.json)), "results": .array(runs.map(\.result)),
      "tables": .array(tables.map { ["date": .string($0.date), "content": $0.content] }),
    ]
  }

  private static func plots(_ run: ResultStore.Run) -> [Plot] {
    (run.result["plots"]?.elements ?? []).compactMap { Plot($0) }
  }

  /// `Results/067-time.svg`; a further machine's has its place in the list too.
  private func path(of plot: Plot, run index: Int) -> String {
    let system = runs[index].system
    let label = Catalogue.entry(String(system))?.label ?? String(system)
    let machine = runs[..<index].count { $0.system == system }
    return "\(Self.folder)/\(label)-\(plot.name)\(machine == 0 ? "" : "-\(machine + 1)").svg"
  }

  /// The page.
  public var markdown: String {
    let counts = SystemEntry.State.allCases.map { state in
      "\(Catalogue.entries.count { $0.state == state }) \(state.rawValue)"
    }
    var parts = [
      """
      # Results

      Written by `make results` from what `venturi reproduce` and `make bench` measured. Figures are medians; a ratio is the \
      median over pairs of turns taken in one run, above 1 where ours is better, with its 95 % bootstrap interval; a target is met or \
      missed by the median. A peer that was not installed is absent, never beaten.

      Of \(Catalogue.entries.count) systems: \(counts.joined(separator: ", ")).
      """
    ]
    if runs.isEmpty { parts.append("No system was reproduced yet: `venturi reproduce NUMBER`.") }
    for index in runs.indices { parts.append(section(index)) }
    if !tables.isEmpty { parts.append(benchmarks) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private func section(_ index: Int) -> String {
    let run = runs[index]
    let result = run.result
    let entry = Catalogue.entry(String(run.system))
    let title = entry.map { "\($0.label) \($0.name)" } ?? "\(run.system)"
    var lines = ["## \(Markdown.cell(title)): \(entry?.state.rawValue ?? "unknown")", ""]
    if let entry { lines += [entry.summary + (entry.link.map { " [Paper](\($0))." } ?? ""), ""] }
    if run.quick {
      lines += [
        "**A quick run over smaller cases: no headline.** `venturi reproduce \(run.system)` runs the whole.", "",
      ]
    }
    let machine = result["machine"]
    let kernels = machine?["kernels"]?.text.map { ", kernels \($0)" } ?? ""
    let processors = machine?["processors"]?.int.map { ", \($0) processors" } ?? ""
    lines += ["On \(Markdown.cell(run.machine))\(processors)\(kernels); \(run.date).", ""]
    lines.append(verdict(result))
    lines += checks(result) + measures(result) + predictions(result)
    for plot in Self.plots(run) { lines += ["", "![\(Markdown.cell(plot.title))](\(path(of: plot, run: index)))"] }
    let unbuilt = (result["unbuilt"]?.elements ?? []).compactMap(\.text)
    if !unbuilt.isEmpty {
      lines += ["", "Not built or not measured yet:", ""] + unbuilt.map { "- \(Markdown.cell($0))" }
    }
    return lines.joined(separator: "\n")
  }

  /// What holds and what does not, in one line.
  private func verdict(_ result: JSON) -> String {
    func names(_ key: String, _ word: String, _ isHit: (JSON) -> Bool) -> [String] {
      (result[key]?.elements ?? []).filter(isHit).compactMap { $0["name"]?.text }.map { "\(word) \(Markdown.cell($0))" }
    }
    let bad =
      names("checks", "failed:") { $0["passed"] != .bool(true) }
      + (names("measures", "missed:") { $0["met"] == .bool(false) })
      + (names("predictions", "missed:") { $0["met"] == .bool(false) })
    let absent = names("measures", "not measured:") { $0["absent"]?.text != nil }
    return bad.isEmpty && absent.isEmpty
      ? "All checks hold and all targets are met." : (bad + absent).map { "**\($0)**" }.joined(separator: "; ") + "."
  }

  private func checks(_ result: JSON) -> [String] {
    let rows = (result["checks"]?.elements ?? []).map { check in
      [
        check["name"]?.text ?? "", check["passed"] == .bool(true) ? "holds" : "**fails**", check["detail"]?.text ?? "",
      ]
    }
    return rows.isEmpty ? [] : [""] + Markdown.table(["check", "", "found"], rows)
  }

  private func measures(_ result: JSON) -> [String] {
    let rows = (result["measures"]?.elements ?? []).map { measure -> [String] in
      let unit = measure["unit"]?.text ?? ""
      let bound = measure["bound"]?.text == "atMost" ? "≤" : "≥"
      let subject = measure["targetOf"]?.text ?? "ratio"
      let target = measure["target"]?.double.map { value in
        subject == "ratio"
          ? "\(bound) \(Markdown.number(value)) ×" : "\(subject) \(bound) \(Markdown.number(value)) \(unit)"
      }
      let interval = measure["low"]?.double.flatMap { low in
        measure["high"]?.double.map { low == $0 ? "" : " (\(Markdown.number(low))–\(Markdown.number($0)))" }
      }
      let ratio = measure["ratio"]?.double.map { "\(Markdown.number($0)) ×\(interval ?? "")" }
      let met =
        switch measure["met"] {
        case .bool(true): "met"
        case .bool(false): "**missed**"
        default: measure["absent"]?.text.map { "absent: \($0)" } ?? "–"
        }
      func figure(_ key: String) -> String { measure[key]?.double.map { "\(Markdown.number($0)) \(unit)" } ?? "–" }
      return [
        measure["name"]?.text ?? "", figure("ours"), figure("peer"), measure["peerName"]?.text ?? "", ratio ?? "–",
        target ?? "–", met,
      ]
    }
    let heads = ["measure", "ours", "peer's", "peer", "ratio (95 %)", "target", ""]
    return rows.isEmpty ? [] : [""] + Markdown.table(heads, rows)
  }

  private func predictions(_ result: JSON) -> [String] {
    let rows = (result["predictions"]?.elements ?? []).map { prediction -> [String] in
      func flag(_ key: String, _ yes: String, _ no: String) -> String { prediction[key] == .bool(true) ? yes : no }
      func number(_ key: String) -> String { prediction[key]?.double.map { Markdown.number($0) } ?? "–" }
      func share(_ key: String) -> String { prediction[key]?.double.map { "\(Markdown.number($0 * 100)) %" } ?? "–" }
      return [
        prediction["name"]?.text ?? "", number("predicted"), number("published"), share("error"), share("limit"),
        flag("met", "met", "**missed**"), share("plainError"), flag("verified", "verified", "recalled"),
        flag("heldOut", "held out", "fitted"),
      ]
    }
    let heads = ["prediction", "predicted", "published", "error", "limit", "", "plain roofline", "figure", ""]
    return rows.isEmpty ? [] : [""] + Markdown.table(heads, rows)
  }

  /// The tables of `venturi bench`, newest first.
  private var benchmarks: String {
    let sections = tables.map { table -> String in
      let content = table.content
      let rows = (content["rows"]?.elements ?? []).map { row -> [String] in
        let strongest = row["strongest"]?.text
        func number(_ value: JSON?) -> String { value?.double.map { Markdown.number($0) } ?? "–" }
        let ratio = row["ratio"]?["median"]?.double.map { median in
          "\(Markdown.number(median)) × (\(number(row["ratio"]?["low"]))–\(number(row["ratio"]?["high"])))"
        }
        let absent = (row["absent"]?.members ?? []).map { "absent: \($0.key)" }.joined(separator: ", ")
        return [
          row["test"]?.text ?? "", number(row["threads"]), number(row["ours"]?["median"]),
          strongest.map { "\($0) \(number(row["peers"]?[$0]?["median"]))" } ?? "–", ratio ?? "–",
          number(row["ceiling"]),
          row["share"]?.double.map { "\(Markdown.number($0 * 100)) %" } ?? "–", absent,
        ]
      }
      let machine = content["machine"]?["processor"]?.text ?? "unknown"
      let subject = (content["model"]?.text).map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? "operators"
      let heads = ["test", "threads", "ours", "strongest peer", "ratio (95 %)", "ceiling", "share", ""]
      return
        (["### \(Markdown.cell(subject)), \(table.date)", "", "On \(Markdown.cell(machine)).", ""]
        + Markdown.table(heads, rows)).joined(separator: "\n")
    }
    return (["## Benchmarks"] + sections).joined(separator: "\n\n")
  }
}
