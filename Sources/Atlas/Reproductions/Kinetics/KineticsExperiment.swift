import Planner
import Plots
import Profiling

/// Kinetics: Rethinking Test-Time Scaling Laws, 2025, arXiv 2506.05333.
///
/// The cost model beside a sum over every step, and the part of attention in the cost of the six dense Qwen3 models.
public struct KineticsExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 21

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "token top-k attention in the engine, the upper bound of block top-k",
    "best-of-N coverage against cost of three small models that write out additions",
    "a published table of costs: none was had, so that nothing is predicted",
  ]

  /// The experiment.
  public init() {}

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: sums over steps")
    return [
      try Check("costs within 1 % of a loop over all steps of all trials, dense and with a budget") { try Self.sums() },
      try Check("traffic outweighs the weights' operations for 0.6B to 4B from 4k tokens on") { try Self.order() },
    ]
  }

  private static func sums() throws -> (passed: Bool, detail: String) {
    var (cases, worst) = (0, 0.0)
    for model in KineticsModel.qwen3 {
      for attention in [KineticsAttention.dense, .topK(budget: 1024)] {
        for (trials, prompt, answer) in [(1, 128, 512), (32, 128, 8192), (8, 4096, 600)] {
          let load = try KineticsLoad(trials: trials, prompt: prompt, answer: answer)
          let cost = try Kinetics(model, attention: attention).cost(load)
          let head = Double(model.layers * model.headDim)
          var (operations, bytes) = (0.0, 0.0)
          for step in 1...answer {
            let read = Double(min(prompt + step, attention.budget ?? .max))
            operations += Double(trials) * 4 * Double(model.heads) * head * read
            // Dense trials read the prompt's keys once for all.
            let shared =
              attention == .dense ? Double(prompt) + Double(trials) * Double(step) : Double(trials) * read
            bytes += 4 * Double(model.kvHeads) * head * shared
          }
          worst = max(worst, abs(cost.attention / operations - 1), abs(cost.keyValueBytes / bytes - 1))
          cases += 1
        }
      }
    }
    return (worst <= 0.01, "\(cases) cases, largest error \(scientific(worst))")
  }

  private static func order() throws -> (passed: Bool, detail: String) {
    var holds = true
    for model in KineticsModel.qwen3.prefix(3) {
      for answer in [4096, 16_384, 32_768] {
        let cost = try Kinetics(model).cost(KineticsLoad(trials: 32, prompt: 128, answer: answer))
        holds = holds && Kinetics.defaultIntensity * cost.keyValueBytes > cost.linear
      }
    }
    return (holds, "9 cases")
  }

  /// Decoding with a budget, and the sheet's table: the part of attention with and without a price for traffic.
  ///
  /// - Throws: what the engine throws; `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    var measures = try decoding(conditions)
    for model in KineticsModel.qwen3 {
      for trials in [1, 32] {
        for answer in [4096, 16_384, 32_768] {
          let cost = try Kinetics(model).cost(KineticsLoad(trials: trials, prompt: 128, answer: answer))
          measures.append(
            Measure(
              "\(model.name), \(trials) answers of \(answer) tokens: attention's part of the cost", unit: "%",
              ours: Summary([100 * cost.attentionShare(intensity: Kinetics.defaultIntensity)]),
              peer: Summary([100 * cost.attentionShare(intensity: 0)]), peerName: "without traffic"))
        }
      }
    }
    return measures
  }
}
