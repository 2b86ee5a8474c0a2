/// What a loaded model is, for people and for planning.
public struct ModelDescription: Sendable, Hashable, Codable {
  /// The model's own name, from its file.
  public var name: String
  /// The architecture's name, for example `llama`.
  public var architecture: String
  /// The number of token ids.
  public var vocabularySize: Int
  /// The most tokens of a sequence.
  public var contextLength: Int
  /// The number of decoder blocks.
  public var layers: Int
  /// The width of the residual stream.
  public var width: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads.
  public var kvHeads: Int
  /// The width of a head.
  public var headDim: Int
  /// The width of the feed-forward layer.
  public var feedForward: Int
  /// Weights in all; a tied embedding counts once.
  public var parameters: Int
  /// Bytes of weights as the file stores them.
  public var weightBytes: Int
  /// The weight types and how many tensors have each, most frequent first, for example `Q4_1×210, F32×61, Q8_0×1`.
  public var weightTypes: String
  /// Bytes of state for each token of a sequence.
  public var stateBytesPerToken: Int

  /// A description from its parts.
  public init(
    name: String, architecture: String, vocabularySize: Int, contextLength: Int, layers: Int, width: Int, heads: Int,
    kvHeads: Int, headDim: Int, feedForward: Int, parameters: Int, weightBytes: Int, weightTypes: String,
    stateBytesPerToken: Int
  ) {
    self.name = name
    self.architecture = architecture
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.layers = layers
    self.width = width
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.feedForward = feedForward
    self.parameters = parameters
    self.weightBytes = weightBytes
    self.weightTypes = weightTypes
    self.stateBytesPerToken = stateBytesPerToken
  }
}
