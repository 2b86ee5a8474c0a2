import Costs
import Planner
import Profiling

/// TokenWeave: Efficient Compute-Communication Overlap for Distributed LLM Inference, 2025, arXiv 2505.11329.
///
/// The share of exchange and norm in prefill of a 70-billion model on eight H100, and what fusing and weaving bring.
public struct TokenWeaveExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 70

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the fused kernel on ranks with shared memory, and its speed beside an all-reduce with a full norm",
    "serving with `--overlap weave|fuse|none`, its logits beside one process's at every split, and greedy answers",
    "step times on a shaped transport, with exchanges of 20 and 40 % of the step, and on plain shared memory",
    "`tune weave` and `bench tp` on the engine, and its own tiles; the 26 % of throughput in serving",
    "models with experts: Mixtral-8x22B",
  ]

  /// The experiment.
  public init() {}

  /// The paper's share and gain.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try TokenWeavePrediction.predictions() }

  /// What must hold of the model.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: thresholds and norms")
    return [
      try Check("below the threshold weaving is fusing") {
        let engine = try TokenWeavePrediction.engine()
        let same = try [1, 100, 512, 1023].allSatisfy { tokens in
          let estimate = try engine.estimate(tokens: tokens)
          return estimate.split == nil && estimate.seconds[.weave] == estimate.seconds[.fuse]
        }
        return (same, "4 batches")
      },
      try Check("weaving beats no communication where norms take time, and nowhere where they take none") {
        let engine = try TokenWeavePrediction.engine()
        var fast = engine.device
        fast.bandwidth.value = 1e18
        let free = try TokenWeave(engine.shape, on: fast)
        let most =
          try TokenWeavePrediction.batches.map { try free.estimate(tokens: $0).gain(over: .silent) }.max() ?? .nan
        let ours = try engine.estimate(tokens: 16_384).gain(over: .silent)
        return (ours > 1 && most <= 1, "\(scientific(ours, digits: 4)) and at the most \(scientific(most, digits: 4))")
      },
    ]
  }

  /// Modes over batches, and waves of splits.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let engine = try TokenWeavePrediction.engine()
    var measures: [Measure] = []
    for tokens in TokenWeavePrediction.batches {
      try conditions.next("\(tokens) tokens")
      let estimate = try engine.estimate(tokens: tokens)
      for mode in [TokenWeave.Mode.none, .fuse, .silent] {
        measures.append(
          Measure(
            "Llama-3-70B on 8 H100, \(tokens) tokens, hidden \(Int(100 * estimate.hidden)) %", unit: "ms",
            ours: Summary([1e3 * (estimate.seconds[.weave] ?? .nan)]),
            peer: Summary([1e3 * (estimate.seconds[mode] ?? .nan)]), peerName: mode.rawValue))
      }
    }
    // For each length the fewest waves of any split into whole tiles.
    var (all, fair) = (0, 0)
    for tokens in stride(from: 1024, through: 8192, by: conditions.quick ? 512 : 64) {
      let whole = engine.waves(tokens: tokens)
      let best = stride(from: 128, to: tokens, by: 128).map { engine.waves(tokens: tokens, first: $0) }.min() ?? .max
      all += 1
      if best <= whole { fair += 1 }
    }
    measures.append(
      Measure(
        "lengths of 1024 to 8192 tokens that some split into whole tiles divides without more waves, tiles of an H100",
        unit: "%", ours: Summary([100 * Double(fair) / Double(all)])))
    return measures
  }
}
