import Atlas
import Console

/// A result for people.
enum ReproduceReport {
  /// Checks, measures and what is left, in columns.
  static func text(_ result: ReproductionResult) -> String {
    let entry = result.entry
    var lines = [
      "\(entry.label) \(entry.name) (\(entry.state.rawValue))\(result.quick ? ", quick: no headline" : "")",
      "on \(result.machineName)", "",
    ]
    lines.append(
      Human.table(result.checks.map { [$0.passed ? "holds" : "FAILS", $0.name, $0.detail] }))
    if !result.measures.isEmpty {
      let heads = ["", "measure", "ours", "peer's", "", "ratio", "target"]
      lines += ["", Human.table([heads] + result.measures.map(row), numeric: [2, 3])]
    }
    if !result.predictions.isEmpty {
      let heads = ["", "prediction", "predicted", "published", "error", "limit", "plain roofline", ""]
      let rows = result.predictions.map { prediction in
        [
          prediction.met ? "met" : "MISSED", prediction.name, Human.fixed(prediction.predicted, 2),
          Human.fixed(prediction.published, 2), percent(prediction.error), percent(prediction.limit),
          percent(prediction.plainError),
          "\(prediction.verified ? "verified" : "recalled"), \(prediction.heldOut ? "held out" : "fitted")",
        ]
      }
      lines += ["", Human.table([heads] + rows, numeric: [2, 3, 4, 5, 6])]
    }
    if !result.unbuilt.isEmpty { lines += ["", "not built yet:"] + result.unbuilt.map { "- \($0)" } }
    return lines.joined(separator: "\n")
  }

  /// What failed, was missed or could not be had, a line each.
  static func misses(_ result: ReproductionResult) -> [String] {
    result.checks.filter { !$0.passed }.map { "check failed: \($0.name): \($0.detail)" }
      + result.measures.filter { $0.met == false }.map { "target missed: \($0.name)" }
      + result.predictions.filter { !$0.met }.map { "prediction missed: \($0.name)" }
      + result.measures.compactMap { measure in measure.absent.map { "not measured: \(measure.name): \($0)" } }
  }

  private static func percent(_ share: Double) -> String { "\(Human.fixed(share * 100, 1)) %" }

  private static func row(_ measure: Measure) -> [String] {
    let verdict =
      switch measure.met {
      case .some(true): "met"
      case .some(false): "MISSED"
      case nil: measure.absent == nil ? "" : "absent"
      }
    let ratio = measure.ratio.map {
      "\(Human.fixed($0.median, 2)) (\(Human.fixed($0.low, 2))–\(Human.fixed($0.high, 2)))"
    }
    let target = measure.target.map { target in
      let value = target.subject == .ratio ? Human.fixed(target.value, 2) : figure(target.value, measure.unit)
      return "\(target.subject.rawValue) \(target.isLeast ? "≥" : "≤") \(value)"
    }
    return [
      verdict, measure.name, measure.ours.map { figure($0.median, measure.unit) } ?? "–",
      measure.peer.map { figure($0.median, measure.unit) } ?? "–", measure.peerName, ratio ?? "–", target ?? "–",
    ]
  }

  private static func figure(_ value: Double, _ unit: String) -> String {
    "\(value != 0 && value.magnitude < 0.1 ? "\(value)" : Human.fixed(value, 2)) \(unit)"
  }
}
