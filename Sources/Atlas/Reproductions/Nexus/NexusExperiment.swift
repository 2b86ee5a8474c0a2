import Planner
import Profiling

/// Nexus: Proactive Intra-GPU Disaggregation of Prefill and Decode in LLM Serving, 2025, arXiv 2507.06608.
///
/// Qwen2.5-3B on an L20, simulated: prompts and tokens side by side against a scheduler that mixes them in chunks of 2048 rows.
public struct NexusExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 78

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the engine: `venturi serve --scheduler nexus|chunked|static:40` with a fair-share scheduler of tiles, and its live status",
    "`venturi profile phases`: shares at which phases saturate, measured and not assumed",
    "answers equal to the sequential scheduler's",
    "the run on this machine with SmolLM2-135M, its baselines, and the error of predicted iteration times",
    "SGLang, vLLM on two devices, and Qwen2.5-14B on two L20, which are not simulated",
  ]

  /// The experiment.
  public init() {}

  /// The paper's slowdown by contention.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try NexusPrediction.predictions() }

  /// The sheet's oracle, as far as it is about the model.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: the search, lines and memory")
    return [
      try Check("the search finds what a look at all percents does, and keeps a promise that its start kept") {
        let counts = NexusLaws.searches(cases: 0..<10_000)
        return (
          counts.equal == 10_000 && counts.feasible > 1000 && counts.starts > 1000 && counts.kept == counts.starts,
          "\(counts.equal) of 10000 monotone models agree, \(counts.kept) of \(counts.starts) others keep theirs"
        )
      },
      try Check("state never exceeds its blocks and every request is answered, in storms of preemption too") {
        let counts = try NexusLaws.storms(try NexusPrediction.plan().costs, cases: 0..<300)
        return (
          counts.preemptions > 100 && counts.decodeFirst > 10,
          "\(counts.runs) runs, \(counts.preemptions) preemptions, tokens first in \(counts.decodeFirst)"
        )
      },
      try Check("with ageing a long prompt waits for what came before its age outweighs it, without to the end") {
        let plan = try NexusPrediction.plan()
        let (aged, starved) = (
          try NexusLaws.wait(plan, ageing: 15, seconds: 250), try NexusLaws.wait(plan, ageing: 0, seconds: 250)
        )
        // 1500 tokens more, at 15 a second, and what a load of 1.1 leaves behind in 110 s.
        return (
          aged < 1.1 * 110 - 10 + 2 && starved > 240,
          "\(scientific(aged, digits: 4)) and \(scientific(starved, digits: 4)) s"
        )
      },
      try Check("a load that goes to and fro by less than δ switches nothing, by more every time") {
        let costs = try NexusPrediction.plan().costs
        let small = try NexusLaws.squareWave(costs, sequences: (60, 64), turns: 100)
        let large = try NexusLaws.squareWave(costs, sequences: (40, 200), turns: 100)
        let (near, far) = (abs(small.percents.0 - small.percents.1), abs(large.percents.0 - large.percents.1))
        return (
          near > 0 && near < 5 && small.switches == 0 && far >= 5 && large.switches == 100,
          "\(near) %: \(small.switches) switches, \(far) %: \(large.switches)"
        )
      },
    ]
  }
}
