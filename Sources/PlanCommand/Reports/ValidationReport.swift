import Console
import Formats
import PlanReports
import Planner

/// What a validation looks like.
enum ValidationReport {
  // MARK: JSON

  static func json(_ validation: Validation) -> JSON {
    [
      "evidence": json(validation.evidence), "fitted": json(validation.fitted), "recalled": json(validation.recalled),
      "papers": .array(
        validation.papers.map { paper in
          [
            "system": .integer(paper.system), "paper": .string(paper.paper),
            "evidence": json(Validation.Summary(paper.evidence)), "rows": .array(paper.predictions.map(\.json)),
          ]
        }),
    ]
  }

  static func json(_ summary: Validation.Summary) -> JSON {
    func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    return [
      "count": .integer(summary.count), "met": .integer(summary.met), "medianError": number(summary.medianError),
      "largestError": number(summary.largestError), "medianPlainError": number(summary.medianPlainError),
    ]
  }

  // MARK: Text

  private static let header = [
    "paper", "numbers", "count", "within limits", "median", "largest", "plain roofline's median",
  ]

  private static func rows(_ validation: Validation) -> [[String]] {
    validation.papers.map { paper in
      ["\(padded(paper.system)) \(paper.paper)", "\(paper.predictions.count)"]
        + cells(Validation.Summary(paper.evidence))
    } + [
      ["all that counts", "\(validation.papers.reduce(0) { $0 + $1.predictions.count })"] + cells(validation.evidence),
      ["fitted on", ""] + cells(validation.fitted), ["recalled, not counted", ""] + cells(validation.recalled),
    ]
  }

  private static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
  }

  private static func cells(_ summary: Validation.Summary) -> [String] {
    ["\(summary.count)", "\(summary.met)", percent(summary.medianError), percent(summary.largestError)]
      + [percent(summary.medianPlainError)]
  }

  static func percent(_ value: Double?) -> String { value.map { Human.fixed($0 * 100, 1) + " %" } ?? "–" }

  static func text(_ validation: Validation) -> String {
    Human.table([header] + rows(validation), numeric: [1, 2, 3, 4, 5, 6])
  }

  // MARK: The page

  /// A page of the documentation.
  static func page(_ validation: Validation) -> String {
    var lines = [
      "# What the Planner predicts, and what was published", "",
      "Every published number that plans are put to.", "", "## Overview", "",
      "This page is what `venturi plan validate --markdown` writes. Only *verified* numbers, read in their source, that are",
      "*held out*, so that no constant was fitted on them, count as evidence. Beside each stands the error of a plain",
      "roofline, the device at its limits; formulas that no device enters have none.", "",
    ]
    lines += table(header, rows(validation))
    for paper in validation.papers {
      lines += ["", "## \(padded(paper.system)) \(paper.paper)", ""]
      lines += table(
        ["number", "published", "predicted", "error", "limit", "plain roofline", "kind"],
        paper.predictions.map { row in
          [
            row.name, PredictionTable.figure(row.published), PredictionTable.figure(row.predicted),
            percent(row.error) + (row.met ? "" : " missed"),
            percent(row.limit), row.plainError.isFinite ? percent(row.plainError) : "–",
            (row.heldOut ? "held out" : "fitted") + (row.verified ? "" : ", recalled"),
          ]
        })
    }
    return lines.joined(separator: "\n")
  }

  private static func table(_ header: [String], _ rows: [[String]]) -> [String] {
    ([header, header.map { _ in "---" }] + rows).map { row in
      "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
  }
}
