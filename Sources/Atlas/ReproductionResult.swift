import Catalogue
import Formats
import PlanReports
import Planner
import Plots

/// What a run of an experiment found.
public struct ReproductionResult: Sendable {
  /// How a run ended.
  public enum Outcome: String, Sendable {
    /// All checks hold and no target is missed.
    case reproduced
    /// A check failed, so nothing was measured.
    case checkFailed
    /// Checks hold; a measure or a prediction misses its target.
    case targetMissed
  }

  /// The system.
  public var entry: SystemEntry
  /// What must hold.
  public var checks: [Check]
  /// The sheet's figures.
  public var measures: [Measure]
  /// The paper's figures as the Planner predicts them.
  public var predictions: [Prediction]
  /// What the figures look like over sizes.
  public var plots: [Plot]
  /// What of the sheet is not built or measured yet.
  public var unbuilt: [String]
  /// Whether smaller cases were run.
  public var quick: Bool
  /// The machine.
  public var machine: JSON
  /// When the run ended.
  public var date: String

  /// A result from its parts.
  public init(
    entry: SystemEntry, checks: [Check], measures: [Measure], predictions: [Prediction] = [], plots: [Plot] = [],
    unbuilt: [String] = [], quick: Bool = false, machine: JSON, date: String
  ) {
    self.entry = entry
    self.checks = checks
    self.measures = measures
    self.predictions = predictions
    self.plots = plots
    self.unbuilt = unbuilt
    self.quick = quick
    self.machine = machine
    self.date = date
  }

  /// The processor's name.
  public var machineName: String { machine["processor"]?.text ?? "unknown" }

  /// How the run ended. A figure that could not be had, for want of a peer, is neither met nor missed.
  public var outcome: Outcome {
    if checks.isEmpty || checks.contains(where: { !$0.passed }) { return .checkFailed }
    let isMissed = measures.contains { $0.met == false } || predictions.contains { !$0.met }
    return isMissed ? .targetMissed : .reproduced
  }

  /// One object: `system`, `checks`, `measures`, `predictions`, `machine`, and what else is known of the run.
  public var json: JSON {
    [
      "system": entry.json, "outcome": .string(outcome.rawValue), "quick": .bool(quick),
      "checks": .array(checks.map(\.json)), "measures": .array(measures.map(\.json)),
      "predictions": .array(predictions.map(\.json)),
      "machine": machine, "date": .string(date), "unbuilt": .array(unbuilt.map { .string($0) }),
      "plots": .array(plots.map(\.json)),
    ]
  }
}
