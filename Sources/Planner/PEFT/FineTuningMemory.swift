// Parameter-Efficient Fine-Tuning for Large Models: A Comprehensive Survey (2024), https://arxiv.org/abs/2403.14608: what each
// way of training a model further takes of memory.
import Costs

/// The memory of a training step that makes a decoder learn more: all of it, low-rank changes of a frozen one, or a network
/// beside it.
///
/// Activations are what the way back needs of the way forward when it begins, operator by operator, as the engine's tape keeps
/// them: attention without matrices of scores, and logits in blocks that are gone by then.
public struct FineTuningMemory: Sendable, Hashable {
  /// A matrix of a block, by its place.
  public enum Matrix: String, Sendable, Hashable, CaseIterable {
    /// To queries.
    case query = "q_proj"
    /// To keys.
    case key = "k_proj"
    /// To values.
    case value = "v_proj"
    /// From heads back to the stream.
    case output = "o_proj"
    /// The gate of a feed-forward.
    case gate = "gate_proj"
    /// The way out of a feed-forward.
    case up = "up_proj"
    /// The way back of a feed-forward.
    case down = "down_proj"
  }

  /// What is trained.
  public enum Method: Sendable, Hashable {
    /// All weights.
    case full
    /// W + s B A of some matrices (Hu et al.: LoRA, 2021).
    case lowRank(rank: Int, of: Set<Matrix> = Set(Matrix.allCases))
    /// A network of this width beside the model, a block of it beside every one of the model's or every few (Sung, Cho,
    /// Bansal: LST, 2022).
    case ladder(width: Int, every: Int = 1)
  }

  /// How weights that are not trained are kept.
  public enum Base: Sendable, Hashable {
    /// Each in this many bytes.
    case whole(bytes: Double)
    /// Blocks' matrices in 4 bits with double quantisation, 4.127 bits each (Dettmers et al.: QLoRA, 2023), other matrices in 16,
    /// norms in 32.
    case nf4
  }

  /// The weights that are trained.
  public let trained: Int
  /// Bytes of the weights, trained ones among them.
  public let weights: Double
  /// Bytes of the gradients.
  public let gradients: Double
  /// Bytes of what the optimizer keeps.
  public let optimizer: Double
  /// Bytes of what the way forward leaves for the way back.
  public let activations: Double

  /// All of it.
  public var total: Double { weights + gradients + optimizer + activations }

  /// The memory of a step over `sequences` sequences of `tokens` tokens.
  ///
  /// - Parameters:
  ///   - shape: the model.
  ///   - method: what is trained.
  ///   - base: how frozen weights are kept; trained ones are kept in `widths.weights`.
  ///   - sequences: the sequences of a step.
  ///   - tokens: the tokens of each.
  ///   - widths: bytes of trained weights, gradients, the optimizer's numbers and activations; 32 bits and Adam by default.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts and ranks that are none, or matrices that the model does not
  ///   have.
  public init(
    _ shape: TransformerShape, _ method: Method, base: Base = .whole(bytes: 4), sequences: Int, tokens: Int,
    widths: NumberWidths = .single
  ) throws(PlannerError) {
    for (field, count) in [("sequences", sequences), ("tokens", tokens)] where !(1...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 31)")
    }
    if case .whole(let bytes) = base, !(bytes > 0 && bytes <= 16) {
      throw .invalid(field: "base", problem: "\(bytes) lies outside 0…16 bytes")
    }
    let plan = FineTuningCounts(shape: shape)
    let (rows, numbers): (Double, Double)
    rows = Double(sequences) * Double(tokens)
    switch method {
    case .full:
      trained = shape.parameters
      weights = Double(trained) * widths.weights
      // The head's gradient is made on the way forward.
      numbers = rows * plan.ofFull + Double(shape.vocabulary * shape.width)
    case .lowRank(let rank, let matrices):
      trained = try plan.lowRank(rank, matrices)
      weights = plan.frozenBytes(base) + Double(trained) * widths.weights
      numbers = rows * plan.ofLowRank(rank, matrices)
    case .ladder(let width, let every):
      trained = try plan.ladder(width, every)
      weights = plan.frozenBytes(base) + Double(trained) * widths.weights
      numbers = rows * plan.ofLadder(width, every)
    }
    gradients = Double(trained) * widths.gradients
    optimizer = Double(trained) * widths.optimizer
    // Tokens, targets and places in whole numbers, 24 bytes a token.
    activations = numbers * widths.activations + 24 * rows
  }

  /// Whether it fits in `share` of a device's memory.
  public func fits(_ device: Device, share: Double = 0.9) -> Bool { total <= device.memory.value * share }
}

extension NumberWidths {
  /// 32 bits for everything, Adam's two moments in the optimizer: 16 bytes a weight in all.
  public static let single = NumberWidths(weights: 4, activations: 4, residual: 4, gradients: 4, optimizer: 8)
}
