import Layers
import Tensors

/// The hyper-parameters of a decoder of attention and feed-forward layers: Llama and what differs from it in the choice of
/// norms, positions, windows, limits and feed-forward layers.
struct DecoderConfiguration: Sendable, Hashable {
  /// How a table of positions turns heads.
  struct Rotation: Sendable, Hashable {
    /// The values of a head that turn.
    var rotated: Int
    /// The base of the frequencies.
    var base: Double
    /// What becomes of the frequencies.
    var scaling: RotaryScaling
    /// Which values make a pair.
    var pairing: RotaryEmbedding.Pairing
  }

  /// What one layer has for itself.
  struct Layer: Sendable, Hashable {
    /// The keys that a query sees, its own among them; nothing for all.
    var window: Int?
    /// Its place among the rotations.
    var rotation = 0
  }

  /// The norms of the residual stream.
  enum Norm: Sendable, Hashable { case rms, layer }

  /// The feed-forward layers.
  enum FeedForward: Sendable, Hashable {
    case gated(GateFunction)
    /// Gate and up are the halves of one matrix, `ffn_up`.
    case gatedTogether(GateFunction)
    case plain(Activation)
  }

  /// GGUF's name of the architecture, which begins its keys.
  var architecture: String
  /// The width of the residual stream.
  var width: Int
  /// The number of blocks.
  var layers: Int
  /// Query heads.
  var heads: Int
  /// Key and value heads; the query heads are a whole multiple.
  var kvHeads: Int
  /// The width of a head.
  var headDim: Int
  /// The width of the feed-forward layer.
  var feedForward: Int
  /// The most tokens of a sequence.
  var contextLength: Int
  /// The norms' kind.
  var norm: Norm
  /// The norms' ε.
  var epsilon: Float
  /// The rotations of the layers; none where positions are learned.
  var rotations: [Rotation]
  /// The layers one by one.
  var kinds: [Layer]
  /// What the feed-forward layers are.
  var mlp = FeedForward.gated(.silu)
  /// The factor of the scores; nothing for 1/√headDim.
  var scoreScale: Float?
  /// The limit that scores approach.
  var scoreLimit: Float?
  /// The limit that logits approach.
  var logitLimit: Float?
  /// The factor of the embeddings.
  var embeddingScale: Float?
  /// Whether queries and keys are normed head by head.
  var normsHeads = false
  /// Whether all queries, and all keys, of a token are normed together.
  var normsQueriesAndKeys = false
  /// The layers of experts; nothing where there are none.
  var experts: Experts?
  /// The sizes of latent attention; nothing for the ordinary one.
  var latent: Latent?
  /// Whether what a mixer or a feed-forward layer gives is normed before it is added.
  var normsOutputs = false
  /// Whether the feed-forward layer sees what the mixer sees.
  var isParallel = false

  /// The values that all queries, all keys of a token take.
  var queryWidth: Int { heads * headDim }
  var keyWidth: Int { kvHeads * headDim }
  /// Whether there is a learned row for each position.
  var learnsPositions: Bool { rotations.isEmpty }
}
