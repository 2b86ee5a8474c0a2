import Planner
import Profiling

/// Ladder-Residual: Parallelism-Aware Architecture for Accelerating Large Model Inference with Communication Overlapping, ICML 2025,
/// arXiv 2501.06589.
///
/// The published speeds of a 70-billion model on H100, predicted from those of the standard wiring.
public struct LadderResidualExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 86

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "residual wirings of a model, on one device and on several ranks with uneven shards, and the converter of checkpoints",
    "runs on two ranks behind a link model, and on plain shared memory; the trace that shows the overlap",
    "quality: small language models from scratch with 3 seeds, and SmolLM2 with its upper half laddered, before and after training",
  ]

  /// The experiment.
  public init() {}

  /// The paper's speeds.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try LadderPrediction().predictions() }

  /// The sheet's oracle, as far as it is about the simulation.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: closed forms")
    return [
      try Check("an empty range is the standard wiring exactly, a sum after every block too") { try Self.standard() },
      try Check("sums that fit under a module are hidden but for the last") { try Self.hidden() },
    ]
  }

  private static func standard() throws -> (passed: Bool, detail: String) {
    var holds = true
    for exchange in [0, 0.5, 7] {
      let step = TensorParallelStep(attention: 2, feedForward: 3, head: 1, allReduce: exchange)
      let standard = try step.schedule(.standard, layers: 80)
      holds =
        try holds && step.schedule(.ladder(0..<0), layers: 80) == standard
        && step.schedule(.desync(every: 1), layers: 80) == standard
        && abs(standard.run().seconds - (80 * (5 + 2 * exchange) + 1)) < 1e-9
    }
    return (holds, "3 steps")
  }

  private static func hidden() throws -> (passed: Bool, detail: String) {
    var worst = 0.0
    for exchange in [0, 0.3, 1, 2] {
      let step = TensorParallelStep(attention: 2, feedForward: 3, head: 1, allReduce: exchange)
      worst = max(worst, abs(try step.schedule(.ladder(0..<80), layers: 80).run().seconds - (401 + exchange)))
    }
    return (worst < 1e-9, "4 steps")
  }

  /// How far the held-out rows are off, and what a ladder hides when sums take a part of the standard step.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    try conditions.next("published rows")
    let rows = try predictions().filter(\.heldOut)
    var measures: [Measure] = []
    for (kind, what, limit) in [("tokens/s", "speed", 20.0), ("times standard", "times the standard speed", 10)] {
      for batch in [1, 4, 16, 64] {
        let own = rows.filter { $0.name.hasSuffix(kind) && $0.name.contains(", \(batch) × ") }
        measures.append(
          Measure(
            "70B on H100, \(batch) sequences, \(what), worst error of \(own.count) rows held out", unit: "%",
            ours: Summary([own.map { 100 * abs($0.error) }.max() ?? .nan]), target: .atMost(limit, .ours)))
      }
    }
    for part in [0.2, 0.4, 0.6] {
      // Both modules as long as each other, as in the sheet's link model.
      let exchange = part / (1 - part)
      let step = TensorParallelStep(attention: 1, feedForward: 1, head: 0, allReduce: exchange)
      let standard = try step.schedule(.standard, layers: 30).run().seconds
      let ladder = try step.schedule(.ladder(0..<30), layers: 30).run().seconds
      measures.append(
        Measure(
          "ladder, simulated, sums \(Int(100 * part)) % of the standard step: times faster", unit: "",
          ours: Summary([standard / ladder])))
    }
    return measures
  }
}
