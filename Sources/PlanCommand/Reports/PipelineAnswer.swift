import Console
import Formats
import Planner

/// Reports of pipelines as text and as JSON.
enum PipelineAnswer {
  static func json(_ report: PipelineReport, hasNodes: Bool = false) -> JSON {
    var members = [
      JSON.Member("watts", .number(report.watts)), JSON.Member("linkWatts", .number(report.linkWatts)),
      JSON.Member("computeWatts", .number(report.computeWatts)), JSON.Member("storedHz", .number(report.storedRate)),
      JSON.Member("precision", .number(report.contingency.precision)),
      JSON.Member("recall", .number(report.contingency.recall)), JSON.Member("f1", .number(report.contingency.f1)),
      JSON.Member("productivityPerJoule", .number(report.productivity)),
      JSON.Member("negativeJoules", .number(report.negativeJoules)),
      JSON.Member("seconds", .number(report.nodes.map(\.seconds).max() ?? 0)),
    ]
    if hasNodes {
      members.append(
        JSON.Member(
          "nodes",
          .array(
            report.nodes.map { node in
              [
                "name": .string(node.name), "inputBytes": .number(node.inputBytes),
                "outputBytes": .number(node.outputBytes), "operations": .number(node.operations),
                "inputHz": .number(node.inputRate), "outputHz": .number(node.outputRate),
                "trueNegativeHz": .number(node.contingency.trueNegative),
                "falseNegativeHz": .number(node.contingency.falseNegative),
                "falsePositiveHz": .number(node.contingency.falsePositive),
                "truePositiveHz": .number(node.contingency.truePositive), "watts": .number(node.watts),
                "seconds": .number(node.seconds),
              ]
            })))
      members.append(
        JSON.Member(
          "links",
          .array(
            report.links.map { link in
              [
                "from": .string(link.from), "to": .string(link.to), "bytesPerSecond": .number(link.bytesPerSecond),
                "watts": .number(link.watts),
              ]
            })))
    }
    return .object(members)
  }

  static func table(_ reports: [(name: String, report: PipelineReport)]) -> String {
    let rows = reports.map { name, report in
      [
        name, Human.fixed(report.watts / 1e3, 3), Human.fixed(report.linkWatts / 1e3, 3),
        Human.fixed(report.storedRate, 1), Human.fixed(report.contingency.precision, 4),
        Human.fixed(report.contingency.recall, 4), Human.fixed(report.contingency.f1, 4),
        Human.fixed(report.productivity * 1e3, 5),
      ]
    }
    let names = ["", "kW", "links kW", "stored /s", "precision", "recall", "F1", "F1·stored /kJ"]
    return Human.table([names] + rows, numeric: Set(1...7))
  }

  /// Lines of a CSV file.
  static func csv(_ names: [String], _ rows: [(values: [Double], report: PipelineReport)]) -> String {
    let head = names + ["watts", "stored_hz", "precision", "recall", "f1", "productivity_per_joule"]
    let lines = rows.map { row in
      let report = row.report
      return
        (row.values + [
          report.watts, report.storedRate, report.contingency.precision, report.contingency.recall,
          report.contingency.f1, report.productivity,
        ]).map { "\($0)" }.joined(separator: ",")
    }
    return ([head.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
  }
}
