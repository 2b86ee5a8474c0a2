/// The sizes and the make of a ``GPT``.
public struct GPTConfiguration: Sendable, Hashable {
  /// Where a token's place in its sequence enters.
  public enum Positions: Sendable, Hashable {
    /// A trained vector for each place, added to the token's.
    case learned
    /// Queries and keys are turned by angles that grow with the place (Su et al.: RoFormer, 2021).
    case rotary(base: Double = 10000)
  }

  /// The layers behind attention.
  public enum FeedForward: Sendable, Hashable {
    /// Out to `hidden` elements, a function, and back.
    case plain(Activation = .gelu)
    /// With a gate: f(x Gᵀ) · x Uᵀ.
    case gated
  }

  /// The number of tokens.
  public var vocabulary: Int
  /// The longest row.
  public var length: Int
  /// The blocks.
  public var layers: Int
  /// The width of the residual stream.
  public var width: Int
  /// Query heads; they divide the width.
  public var heads: Int
  /// Key and value heads; they divide the query heads.
  public var kvHeads: Int
  /// The elements between the two layers behind attention.
  public var hidden: Int
  /// Where places enter.
  public var positions: Positions
  /// The layers behind attention.
  public var feedForward: FeedForward
  /// The norms.
  public var norm: NormLayer.Kind
  /// ε of the norms.
  public var epsilon: Float
  /// Whether linear layers have biases.
  public var hasBiases: Bool
  /// The share of elements that training drops, of the embedded tokens and of what blocks add.
  public var dropout: Double

  /// A small GPT-2 unless given: six layers of 384, learned places, GELU, layer norm; as many key and value heads as
  /// query heads, and four times the width between.
  public init(
    vocabulary: Int, length: Int = 256, layers: Int = 6, width: Int = 384, heads: Int = 6, kvHeads: Int? = nil,
    hidden: Int? = nil, positions: Positions = .learned, feedForward: FeedForward = .plain(),
    norm: NormLayer.Kind = .layer, epsilon: Float = 1e-5, hasBiases: Bool = true, dropout: Double = 0
  ) {
    self.vocabulary = vocabulary
    self.length = length
    self.layers = layers
    self.width = width
    self.heads = heads
    self.kvHeads = kvHeads ?? heads
    self.hidden = hidden ?? (width > 1 << 24 ? width : 4 * width)
    self.positions = positions
    self.feedForward = feedForward
    self.norm = norm
    self.epsilon = epsilon
    self.hasBiases = hasBiases
    self.dropout = dropout
  }

  /// The make of Llama: rotary places, a gated feed-forward, RMS norms, no biases.
  public static func llama(
    vocabulary: Int, length: Int = 256, layers: Int = 6, width: Int = 384, heads: Int = 6, kvHeads: Int? = nil,
    hidden: Int? = nil, dropout: Double = 0
  ) -> GPTConfiguration {
    GPTConfiguration(
      vocabulary: vocabulary, length: length, layers: layers, width: width, heads: heads, kvHeads: kvHeads,
      hidden: hidden ?? (width > 1 << 24 ? width : (8 * width / 3 + 31) / 32 * 32), positions: .rotary(),
      feedForward: .gated, norm: .rms, hasBiases: false, dropout: dropout)
  }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    try ModelSetting.check("vocabulary", vocabulary, 1...1 << 24)
    try ModelSetting.check("length", length, 1...1 << 24)
    try ModelSetting.check("layers", layers, 1...1024)
    try ModelSetting.check("width", width, 1...1 << 16)
    try ModelSetting.check("heads", heads, 1...width)
    try ModelSetting.check("kvHeads", kvHeads, 1...heads)
    try ModelSetting.check("hidden", hidden, 1...1 << 20)
    if !width.isMultiple(of: heads) {
      throw .invalidOption(field: "heads", value: "\(heads)", expected: "a divisor of the width, \(width)")
    }
    if !heads.isMultiple(of: kvHeads) {
      throw .invalidOption(field: "kvHeads", value: "\(kvHeads)", expected: "a divisor of the heads, \(heads)")
    }
    if case .rotary(let base) = positions {
      if !(width / heads).isMultiple(of: 2) {
        throw .invalidOption(field: "width", value: "\(width)", expected: "an even width for each of \(heads) heads")
      }
      if !(base.isFinite && base > 1) {
        throw .invalidOption(field: "base", value: "\(base)", expected: "a finite number above 1")
      }
    }
    if !(epsilon.isFinite && epsilon >= 0) {
      throw .invalidOption(field: "epsilon", value: "\(epsilon)", expected: "a finite number, 0 or more")
    }
    try ModelSetting.check(dropout: dropout)
    let (wide, between) = (Double(width), Double(hidden))
    let attention = 2 * wide * wide * (1 + Double(kvHeads) / Double(heads))
    let block = attention + (feedForward == .gated ? 3 : 2) * wide * between
    let places = positions == .learned ? Double(length) * wide : 0
    try ModelSetting.check(parameters: Double(layers) * block + Double(vocabulary) * wide + places)
  }
}
