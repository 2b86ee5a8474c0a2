import Formats
import Layers
import Mixers
import NumericTypes
import Tensors

/// The sizes that encoders have in common, as a checkpoint says them, checked.
struct EncoderSizes: Sendable, Hashable {
  /// GGUF's name of the architecture, which its keys begin with.
  let architecture: String
  let width: Int
  let layers: Int
  let heads: Int
  let headDim: Int
  let feedForward: Int
  let vocabularySize: Int
  /// The most tokens that the model has positions for.
  let positions: Int
  /// The most tokens of a sequence: fewer than the positions where the checkpoint or the options say so.
  let contextLength: Int
  let epsilon: Float
  let activation: Activation

  /// - Throws: ``/Formats/FormatError`` for a key that is missing, of the wrong type or out of range;
  ///   ``ModelError/configuration(key:problem:)`` for values that do not fit together or are not had.
  init(_ checkpoint: Checkpoint, architecture: String, options: LoadOptions) throws {
    func key(_ name: String) -> String { "\(architecture).\(name)" }
    self.architecture = architecture
    width = try checkpoint.uint(key("embedding_length"), in: 1...1 << 17)
    layers = try checkpoint.uint(key("block_count"), in: 1...1024)
    heads = try checkpoint.uint(key("attention.head_count"), in: 1...1024)
    guard width.isMultiple(of: heads), width / heads <= 1024 else {
      throw ModelError.configuration(
        key: key("attention.head_count"), problem: "\(heads) heads do not share the width \(width), or are above 1024")
    }
    headDim = width / heads
    feedForward = try checkpoint.uint(key("feed_forward_length"), in: 1...1 << 20)
    positions = try checkpoint.uint(key("context_length"), in: 1...1 << 24)
    let limit = try checkpoint.uintIfPresent(Pooling.limitKey, in: 1...1 << 24) ?? positions
    contextLength = min(options.contextLength ?? positions, positions, limit)
    epsilon = try checkpoint.float(key("attention.layer_norm_epsilon"), in: 0...1)
    activation = try Activation(checkpoint, otherwise: .gelu)
    vocabularySize = try checkpoint.vocabularySize(width: width)
  }

  /// What a model of these sizes takes.
  func memoryNeed(_ checkpoint: Checkpoint, options: LoadOptions) -> MemoryNeed {
    let inBlocks = checkpoint.tensors.filter { $0.name.hasPrefix("blk.") && $0.shape.rank == 2 }
    let tables = checkpoint.tensors.filter { !($0.name.hasPrefix("blk.") && $0.shape.rank == 2) }
    let weights = PackedMatrix.packedBytes(
      of: inBlocks.map { ($0.dtype, outFeatures: $0.shape[0], inFeatures: $0.shape[1]) })
    let rows = max(1, options.stepTokens).addingClamped(contextLength)
    // The residual stream and its norm, q, k, v and o, and the feed-forward layer's hidden rows, twice where they are
    // quantised; scratch of products and attention is small beside them.
    let widths = (8 * width + 2 * feedForward).multipliedClamped(by: 4)
    return MemoryNeed(
      weights: tables.reduce(weights) { $0.addingClamped($1.count.multipliedClamped(by: 4)) }, perToken: 0,
      fullSequence: 0, step: rows.multipliedClamped(by: widths), capturedSteps: 0)
  }

  func description(_ checkpoint: Checkpoint) throws -> ModelDescription {
    try ModelDescription(
      checkpoint,
      sizes: ModelDescription.Sizes(
        vocabulary: vocabularySize, contextLength: contextLength, layers: layers, width: width, heads: heads,
        kvHeads: heads, headDim: headDim, feedForward: feedForward), stateBytesPerToken: 0)
  }
}
