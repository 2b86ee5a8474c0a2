import Profiling
import Venturi

/// Rows of a benchmark for people.
enum BenchTable {
  /// One finished row.
  static func line(_ row: JSON) -> String { cells(row).joined(separator: "  ") }

  /// All rows, in columns.
  static func text(_ rows: [JSON]) -> String {
    Human.table(
      [["test", "threads", "ours", "strongest peer", "", "ratio", "ceiling", "share"]] + rows.map(cells),
      numeric: [1, 2, 4, 6, 7])
  }

  private static func cells(_ row: JSON) -> [String] {
    let strongest = row["strongest"]?.text
    let peer = strongest.flatMap { row["peers"]?[$0]?["median"]?.double }
    let ratio = row["ratio"]
    func number(_ value: JSON?, _ digits: Int = 1) -> String { value?.double.map { Human.fixed($0, digits) } ?? "–" }
    return [
      row["test"]?.text ?? "", number(row["threads"], 0), number(row["ours"]?["median"]), strongest ?? "no peer",
      peer.map { Human.fixed($0, 1) } ?? "–",
      ratio?["median"] == nil
        ? "–" : "\(number(ratio?["median"], 2)) (\(number(ratio?["low"], 2))–\(number(ratio?["high"], 2)))",
      number(row["ceiling"]), row["share"]?.double.map { "\(Human.fixed($0 * 100, 0)) %" } ?? "–",
    ]
  }
}
