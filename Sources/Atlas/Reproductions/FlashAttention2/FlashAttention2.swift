import Formats
import Mixers
import Planner
import Profiling
import Tensors

/// FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning, 2023, arXiv 2307.08691.
///
/// The forward half: ``/Mixers/DenseAttention`` against attention from its definition in Double, against masked attention
/// made of the engine's own matrix products, and against PyTorch's.
public struct FlashAttention2: Reproduction {
  /// The sheet's number.
  public static let number = 67

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the backward pass: gradients within 1e-4 of Double and as PyTorch's, finite differences, 2.5 times the operations",
    "a training step (forward and backward) at N = 2048 at least 1.5 times as fast as naive attention's",
    "dropout whose mask the backward pass replays",
  ]

  /// The experiment.
  public init() {}

  /// The paper's table of training speeds and the ratios in it; the sheet's limit is 20 %.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try FlashAttention2Prediction.predictions() }

  /// The shape that the sheet measures: nine query heads over three, causal.
  static func shape(_ n: Int, causal: Bool = true) -> AttentionCase {
    AttentionCase(n: n, heads: 9, kvHeads: 3, d: 64, causal: causal)
  }

  /// The sequence length of the headline, and what stands in for it.
  static func length(_ conditions: RunConditions) -> Int { conditions.quick ? 1024 : 4096 }

  /// PyTorch, where it is installed.
  ///
  /// - Throws: `ProfilingError`.
  static func torch(_ conditions: RunConditions) throws -> PeerField {
    try PeerField(["torch"], task: .attention, catalogue: conditions.peers)
  }

  /// A pass beside naive attention and PyTorch, all in turns.
  ///
  /// - Throws: what the operators throw; `CancellationError`.
  static func compare(
    _ shape: AttentionCase, _ field: PeerField, _ context: Context, _ conditions: RunConditions, pairs: Int
  ) throws -> Profiling.Comparison {
    let ours = try shape.contestant(context)
    let naive = NaiveForward(shape, context: context)
    // Short passes are repeated within a turn, so that a turn is some milliseconds.
    let repeats = max(1, min(50, Int(10e-3 / max(try ours.turn(repeats: 1), 1e-6))))
    let request =
      shape.request + [
        JSON.Member("threads", .integer(context.workers.count)), JSON.Member("repeat", .integer(repeats)),
      ]
    var timing = conditions.timing
    timing.pairs = pairs
    return try Profiling.Comparison(
      work: shape.work, request: request, field: field,
      rivals: [
        TimingProtocol.Contestant("naive", turn: conditions.turn { naive.turn(repeats: max(1, repeats / 4)) })
      ], protocol: timing, ours: conditions.turn { try ours.turn(repeats: repeats) })
  }

  /// Bytes of ours at the peak of a pass beyond operands and results.
  ///
  /// - Throws: `MixerError`.
  static func extraBytes(_ shape: AttentionCase, _ context: Context) throws -> Double {
    try shape.contestant(context).figures().first { $0.key == "peakExtraBytes" }?.value.double ?? .nan
  }
}
