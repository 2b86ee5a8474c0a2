import Profiling
import Venturi

/// What `optimize` says.
struct OptimizeReport {
  var model: String
  var subject: Subject
  var outcome: Outcome
  /// The file that was written.
  var profile: String?
  var isDry: Bool

  /// The object of `--json`.
  var json: JSON {
    let head: [JSON.Member] = [
      JSON.Member("model", .string(model)), JSON.Member("goal", .string(outcome.goal.name)),
      JSON.Member("unit", .string(outcome.goal.unit)), JSON.Member("machine", MachineReport.json),
      JSON.Member("start", outcome.start.json), JSON.Member("baseline", .rounded(subject.baseline)),
      JSON.Member(
        "limits",
        .array(
          subject.costs.limits.sorted { $0.key < $1.key }.map { _, limits in
            ["ceilings": limits.ceilings.json, "forkMicroseconds": .rounded(limits.forkSeconds * 1e6, digits: 3)]
          })),
      JSON.Member("promptSteps", Self.steps(subject.costs.promptSteps)),
      JSON.Member("checkedSteps", Self.steps(subject.costs.checkedSteps)),
      JSON.Member("dryRun", .bool(isDry)),
      JSON.Member(
        "texts",
        .array(
          subject.samples.map { sample in
            ["kind": .string(sample.kind), "promptTokens": .integer(sample.prompt.count)]
          })),
    ]
    return .object(head + outcome.members + [JSON.Member("profile", profile.map { .string($0) } ?? .null)])
  }

  private static func steps(_ steps: [StepCosts.Measured]) -> JSON {
    .array(steps.map { ["rows": .integer($0.rows), "seconds": .rounded($0.seconds)] })
  }

  /// The report for people.
  var text: String {
    var rows = [["lever", "predicted", "measured", "95 % interval", "error", "quality", "verdict"]]
    for lever in outcome.levers + outcome.combinations {
      rows.append([
        lever.name, Self.gain(lever.predicted), lever.measured.map { Self.gain($0.median) } ?? "–",
        lever.measured.map { "\(Human.fixed($0.low, 3))–\(Human.fixed($0.high, 3))" } ?? "–",
        lever.error.map { Self.signed($0 * 100, 1) + " %" } ?? "–", Self.quality(lever.quality), lever.verdict.text,
      ])
    }
    var lines = ["goal \(outcome.goal.name), now \(baseline)", "", Human.table(rows, numeric: [1, 2, 3, 4]), ""]
    if isDry { return (lines + ["predictions only; nothing was tried"]).joined(separator: "\n") }
    lines.append(choice)
    switch outcome.ending {
    case .done: break
    case .budget: lines.append("the time was used up; --budget gives more")
    case .interrupted: lines.append("interrupted")
    }
    if let profile { lines.append("written to \(profile)") }
    if !outcome.isVerified, !isDry { lines.append("not measured again in time: no profile is written") }
    return lines.joined(separator: "\n")
  }

  private var choice: String {
    if outcome.name == "start" { return "kept: nothing was better beyond noise" }
    if outcome.name == "default" { return "chosen: the defaults; what was begun with is slower" }
    let gain = outcome.gain.map {
      ", \(Self.gain($0.median)) (\(Human.fixed($0.low, 3))–\(Human.fixed($0.high, 3)))"
    }
    return "chosen: \(outcome.name)\(gain ?? "")\(outcome.isVerified ? "" : ", not measured again")"
  }

  private var baseline: String {
    switch outcome.goal {
    case .decode: "\(Human.fixed(1 / subject.baseline, 1)) tok/s"
    case .prefill(let tokens): "\(Human.fixed(Double(tokens) / subject.baseline, 1)) tok/s"
    case .latency: "\(Human.fixed(subject.baseline * 1000, 1)) ms for \(subject.samples.count) questions"
    case .memory: Human.bytes(Int(subject.baseline))
    }
  }

  private static func gain(_ value: Double) -> String { "×\(Human.fixed(value, 3))" }

  private static func signed(_ value: Double, _ digits: Int) -> String {
    (value >= 0 ? "+" : "") + Human.fixed(value, digits)
  }

  private static func quality(_ quality: Quality) -> String {
    if let change = quality.change { return "perplexity \(signed(change * 100, 2)) %" }
    switch quality.isSame {
    case true?: return "same answers"
    case false?: return "other answers"
    case nil: return quality.isExact ? "exact" : "approximate"
    }
  }
}
