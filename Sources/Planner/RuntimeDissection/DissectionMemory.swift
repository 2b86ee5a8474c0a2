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
    let (heads, inner) = (Double(shape.heads), Double(shape.feedForward))
    // The way forward makes the gradient of a trained head.
    let plain = need.activations - (isLow ? 0 : 4 * head)
    let composed = 4 * layers * rows * (heads * (Double(tokens) - 1) - (queries + keys))
    let ends = 4 * 3 * width * rows + 24 * rows
    weights = need.weights
    gradients = need.gradients
    optimizer = cell.has(.offload) ? 0 : need.optimizer
    onDisk = cell.has(.offload) ? need.optimizer : 0
    activations =
      cell.has(.recompute)
      ? layers * 4 * width * rows + ends : plain + (cell.has(.fusedAttention) ? 0 : composed)

    // From here on in blocks as the allocator has them.
    var matrices = [(queries + 2 * keys) * width, queries * width, inner * width, inner * width]
    if shape.gated { matrices.append(inner * width) }
    let low =
      [(queries, width), (keys, width), (keys, width), (width, queries), (inner, width), (width, inner)]
      + (shape.gated ? [(inner, width)] : [])
    let rank = Double(Self.rank)
    let ofLayer = Self.blocks(matrices + [width, width], bytes: 4)
    let changes = layers * low.reduce(0) { $0 + Self.blocks([rank * $1.0, rank * $1.1], bytes: 4) }
    let all = layers * ofLayer + Self.blocks([head, width], bytes: 4)
    let trained = isLow ? changes : all
    let frozen: Double =
      cell.has(.quantised)
      ? need.weights - 4 * Double(need.trained) + Self.blocks([head], bytes: 2) - 2 * head : isLow ? all : 0
    let table = isLow ? 0 : Self.blocks([head], bytes: 4)

    // What a block keeps: its inputs and its norms' outputs, attention's, the feed-forward's, changes' inner numbers.
    let stream = rows * width
    let attention =
      cell.has(.fusedAttention)
      ? [rows * (queries + 2 * keys), rows * (queries + keys), rows * heads]
      : [rows * queries, rows * keys, rows * keys, rows * heads * Double(tokens)]
    let between = [Double](repeating: rows * inner, count: shape.gated ? 3 : 2)
    let ofChanges = isLow ? low.map { _ in rows * rank } : []
    let block = Self.blocks(
      [stream, stream, stream, stream, rows * queries] + attention + between + ofChanges, bytes: 4)
    let mask = cell.has(.fusedAttention) ? 0 : Self.blocks([Double(tokens) * Double(tokens)], bytes: 4)
    let edges = Self.blocks([stream, stream, stream], bytes: 4) + 24 * rows + mask
    let kept = layers * (cell.has(.recompute) ? Self.blocks([stream], bytes: 4) : block) + edges
    // A block on its way back: the gradients of its inner tensors, and where attention is composed of its matrices.
    let working =
      max(
        Self.blocks([stream, stream] + between, bytes: 4),
        cell.has(.fusedAttention) ? 0 : 3 * Self.blocks([rows * heads * Double(tokens)], bytes: 4))
      + (cell.has(.recompute) ? block : 0)
    // The head sums its gradient over blocks of 2²⁰ logits: the sum so far, a block's, and the new sum.
    let logits = 3 * Self.blocks([min(0x1p20, rows * Double(shape.vocabulary))], bytes: 4)
    let isParted = rows * Double(shape.vocabulary) > 0x1p20
    var most = kept + max(table * (isParted ? 3 : 1), table + logits)
    // Gradients of blocks come as activations go, the last block first.
    for done in 0..<shape.layers {
      let share = Double(done) / layers
      most = max(most, kept * (1 - share) + table + (trained - table) * (share + 1 / layers) + working)
    }
    // The table has a gradient as embedding beside that as head, and their sum.
    most = max(most, trained + 2 * table)
    peak = frozen + trained + (cell.has(.offload) ? 0 : 2 * trained) + most
  }

  /// Bytes of tensors of so many numbers in blocks of the allocator: four sizes to each power of two, 256 bytes at least.
  private static func blocks(_ numbers: [Double], bytes: Double) -> Double {
    numbers.reduce(0) { sum, count in
      // Beyond that rounding is no matter, and no whole number holds it.
      guard count * bytes < 0x1p60 else { return sum + count * bytes }
      let size = max(256, Int(count * bytes))
      let step = 1 << max(0, Int.bitWidth - (size - 1).leadingZeroBitCount - 3)
      return sum + Double((size + step - 1) & ~(step - 1))
    }
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
