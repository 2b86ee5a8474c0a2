/// A decoder as far as its costs go: how wide and how deep, not what is in it.
public struct TransformerShape: Sendable, Hashable {
  /// How a model knows where a token stands.
  public enum Positions: Sendable, Hashable {
    /// A learned row for each of so many positions.
    case learned(Int)
    /// Queries and keys are rotated.
    case rotary
  }

  /// The model's name.
  public var name: String
  /// Decoder blocks.
  public var layers: Int
  /// The width D of the residual stream.
  public var width: Int
  /// Query heads H.
  public var heads: Int
  /// Key and value heads Hkv.
  public var kvHeads: Int
  /// The width d of a head.
  public var headDim: Int
  /// The width F of the feed-forward layer.
  public var feedForward: Int
  /// Whether the feed-forward layer multiplies two projections, as SwiGLU does.
  public var gated: Bool
  /// Token ids V.
  public var vocabulary: Int
  /// Whether the output layer reads the embedding's weights.
  public var tied: Bool
  /// Whether projections have biases and norms subtract the mean: GPT's kind of block, not Llama's.
  public var biased: Bool
  /// How positions enter.
  public var positions: Positions
  /// The experts of layers that have some; nothing where all feed-forward layers are dense.
  public var experts: ExpertLayers?
  /// What keys and values are made from; nothing where every key head has its own.
  public var latent: LatentState?

  /// A shape from its parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes below one or too large to count with, and for heads
  ///   that key heads do not divide.
  public init(
    name: String, layers: Int, width: Int, heads: Int, kvHeads: Int, headDim: Int, feedForward: Int, gated: Bool,
    vocabulary: Int, tied: Bool, biased: Bool, positions: Positions, experts: ExpertLayers? = nil,
    latent: LatentState? = nil
  ) throws(PlannerError) {
    self.init(
      checked: name, layers, width, heads, kvHeads, headDim, feedForward, gated, vocabulary, tied, biased, positions,
      experts, latent)
    let sizes = [
      ("layers", layers), ("width", width), ("heads", heads), ("kvHeads", kvHeads), ("headDim", headDim),
      ("feedForward", feedForward), ("vocabulary", vocabulary),
    ]
    for (field, size) in sizes where !(1...1 << 21).contains(size) {
      throw .invalid(field: field, problem: "\(size) lies outside 1…\(1 << 21)")
    }
    if case .learned(let count) = positions, !(1...1 << 31).contains(count) {
      throw .invalid(field: "positions", problem: "\(count) lies outside 1…\(1 << 31)")
    }
    guard heads.isMultiple(of: kvHeads) else {
      throw .invalid(field: "heads", problem: "\(heads) is no multiple of \(kvHeads) key heads")
    }
    // Weights are counted in 64-bit integers; what the count leaves out is less than what it has here.
    let (d, f) = (Double(width), Double(feedForward))
    var layer = d * Double(headDim) * Double(2 * heads + 2 * kvHeads) + 3 * d * f
    if let latent {
      let longest = Double(max(latent.queryRank, latent.rank, latent.query, latent.value))
      layer += 4 * longest * (d + longest) * Double(heads) + 4 * d * longest
    }
    if let experts {
      guard experts.denseLayers <= layers else {
        throw .invalid(field: "denseLayers", problem: "\(experts.denseLayers) of \(layers) layers")
      }
      layer +=
        d * Double(experts.routed) + 3 * d * Double(experts.feedForward) * Double(experts.routed + experts.shared)
    }
    guard Double(layers) * layer + 2 * Double(vocabulary) * d < 0x1p60 else {
      throw .invalid(field: "layers", problem: "more weights than can be counted")
    }
  }

  private init(
    checked name: String, _ layers: Int, _ width: Int, _ heads: Int, _ kvHeads: Int, _ headDim: Int,
    _ feedForward: Int, _ gated: Bool, _ vocabulary: Int, _ tied: Bool, _ biased: Bool, _ positions: Positions,
    _ experts: ExpertLayers? = nil, _ latent: LatentState? = nil
  ) {
    self.name = name
    self.layers = layers
    self.width = width
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.feedForward = feedForward
    self.gated = gated
    self.vocabulary = vocabulary
    self.tied = tied
    self.biased = biased
    self.positions = positions
    self.experts = experts
    self.latent = latent
  }

  /// A GPT: all heads have keys of their own, D = H·d, F = 4 D, learned positions, the embedding read twice.
  package static func gpt(
    _ name: String, layers: Int, heads: Int, headDim: Int, positions: Int, vocabulary: Int
  ) -> TransformerShape {
    TransformerShape(
      checked: name, layers, heads * headDim, heads, heads, headDim, 4 * heads * headDim, false, vocabulary, true,
      true, .learned(positions))
  }

  /// A Llama: gated feed-forward layers, rotated positions, no biases.
  package static func llama(
    _ name: String, layers: Int, width: Int, heads: Int, kvHeads: Int, headDim: Int? = nil, feedForward: Int,
    vocabulary: Int, tied: Bool = false
  ) -> TransformerShape {
    TransformerShape(
      checked: name, layers, width, heads, kvHeads, headDim ?? width / heads, feedForward, true, vocabulary, tied,
      false, .rotary)
  }
}
