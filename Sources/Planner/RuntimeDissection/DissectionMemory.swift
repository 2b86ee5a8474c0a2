// Dissecting the Runtime Performance of the Training, Fine-tuning, and Inference of Large Language Models (2023),
// https://arxiv.org/abs/2311.03687: memory and time of a step of this engine, technique by technique, before it is run.
import Costs

/// The memory of a training step of this engine, all numbers in 32 bits, with the techniques of a cell.
///
/// Activations are counted operator by operator, as the tape keeps them. A block of width D with q and k wide queries and keys, H
/// heads and an inner width f keeps for each token of N
///
///     fused      4 D + (q + 2k) + (q + k) + q + H + 3 f
///     composed   4 D + (q + 2k) + q + H N + 3 f
///     again      D
///
/// where all is trained, and less where weights are frozen (``FineTuningMemory``). The head's last norm has 3 D more.
public struct DissectionMemory: Sendable, Hashable {
  /// Bytes of the weights.
  public let weights: Double
  /// Bytes of the gradients of weights.
  public let gradients: Double
  /// Bytes of the optimizer's state in memory.
  public let optimizer: Double
  /// Bytes of it on the disk.
  public let onDisk: Double
  /// Bytes of what the way forward leaves for the way back.
  public let activations: Double
  /// Bytes that are there at once, at most.
  public let peak: Double

  /// The rank of low-rank changes, of all matrices.
  public static let rank = 8

  /// The memory of a step over `sequences` sequences of `tokens` tokens.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a cell that needs ranks or has nothing to train, and counts that are
  ///   none.
  public init(
    _ shape: TransformerShape, _ cell: DissectionCell, sequences: Int, tokens: Int
  ) throws(PlannerError) {
    try Self.prove(cell)
    let isLow = cell.has(.lowRank)
    let method: FineTuningMemory.Method = isLow ? .lowRank(rank: Self.rank) : .full
    let need = try FineTuningMemory(
      shape, method, base: cell.has(.quantised) ? .nf4 : .whole(bytes: 4), sequences: sequences, tokens: tokens)
    let rows = Double(sequences) * Double(tokens)
    let (width, layers) = (Double(shape.width), Double(shape.layers))
    let head = Double(shape.vocabulary) * width
    let (queries, keys) = (Double(shape.heads * shape.headDim), Double(shape.kvHeads * shape.headDim))
    let heads = Double(shape.heads)
    // The way forward makes the gradient of a trained head.
    let plain = need.activations - (isLow ? 0 : 4 * head)
    let composed = 4 * layers * rows * (heads * (Double(tokens) - 1) - (queries + keys))
    let whole = plain + (cell.has(.fusedAttention) ? 0 : composed)
    let ends = 4 * 3 * width * rows + 24 * rows
    let block = (whole - ends) / layers
    let kept = cell.has(.recompute) ? layers * 4 * width * rows + ends : whole
    // A block on its way back: the gradients of its inner tensors, and where attention is composed of its matrices.
    let inner = 4 * rows * (2 * width + 3 * Double(shape.feedForward))
    let matrices = cell.has(.fusedAttention) ? 0 : 4 * rows * 3 * heads * Double(tokens)
    let working = max(inner, matrices) + (cell.has(.recompute) ? block : 0)
    weights = need.weights
    gradients = need.gradients
    optimizer = cell.has(.offload) ? 0 : need.optimizer
    onDisk = cell.has(.offload) ? need.optimizer : 0
    activations = kept
    // The head sums its gradient over blocks of 2²⁰ logits: the sum so far, a block's, and the new sum.
    let blocks = rows * Double(shape.vocabulary) / 0x1p20
    let logits = 4 * 3 * min(0x1p20, rows * Double(shape.vocabulary))
    let ofHead = isLow ? logits : max(4 * head * (blocks > 1 ? 3 : 1), 4 * head + logits)
    let own = isLow ? 0 : 4 * head
    var most = kept + ofHead
    // Gradients of blocks come as activations go, the last block first.
    for done in 0..<shape.layers {
      let share = Double(done) / layers
      most = max(most, kept * (1 - share) + own + (gradients - own) * (share + 1 / layers) + working)
    }
    // The table has a gradient as embedding beside that as head.
    most = max(most, gradients + own)
    peak = weights + optimizer + most
  }

  /// Refuses what one process cannot do.
  static func prove(_ cell: DissectionCell) throws(PlannerError) {
    if cell.has(.shardedGradients) || cell.has(.shardedWeights) {
      throw .invalid(field: "grid", problem: "\(cell.name): ranks share what it divides, and here there is one")
    }
    if cell.has(.quantised), !cell.has(.lowRank) {
      throw .invalid(
        field: "grid", problem: "\(cell.name): a quantised base is frozen, so that nothing is left to train")
    }
  }
}
