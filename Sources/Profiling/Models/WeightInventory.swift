import NumericTypes

/// The weights of a model as far as its speed limits go.
public struct WeightInventory: Sendable, Equatable {
  /// One tensor of the file.
  public struct Weight: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its element type.
    public var dtype: DType
    /// Its number of axes.
    public var rank: Int
    /// Its number of elements.
    public var count: Int
    /// Its bytes.
    public var bytes: Int

    /// A tensor from its parts.
    public init(name: String, dtype: DType, rank: Int, count: Int, bytes: Int) {
      self.name = name
      self.dtype = dtype
      self.rank = rank
      self.count = count
      self.bytes = bytes
    }
  }

  /// The tensors.
  public var weights: [Weight]
  /// The bytes of the whole file.
  public var fileBytes: Int
  /// The bytes that a token adds to the cache.
  public var cacheBytesPerToken: Int

  /// An inventory from its parts.
  public init(weights: [Weight], fileBytes: Int, cacheBytesPerToken: Int) {
    self.weights = weights
    self.fileBytes = fileBytes
    self.cacheBytesPerToken = cacheBytesPerToken
  }

  private static let embedding = "token_embd.weight"
  private static let head = "output.weight"

  /// Whether the table of embeddings serves as the output layer too.
  public var isTied: Bool { !weights.contains { $0.name == Self.head } }

  /// The matrices that every token of a prompt is multiplied by: all but the embedding and the output layer, which only
  /// the last token of a prompt meets.
  public var prefillMatrices: [Weight] {
    weights.filter { $0.rank >= 2 && $0.name != Self.embedding && $0.name != Self.head }
  }

  /// The matrix that makes logits, if the file has one.
  public var head: Weight? {
    weights.first { $0.name == Self.head } ?? weights.first { $0.name == Self.embedding }
  }

  /// The bytes that a decoded token reads: the file, without an embedding of which it needs one row only.
  public var decodeBytes: Int {
    isTied ? fileBytes : fileBytes - (weights.first { $0.name == Self.embedding }?.bytes ?? 0)
  }

  /// The chain that products with weights of a type are limited by.
  public static func chain(for dtype: DType) -> Ceilings.Chain {
    switch dtype {
    case .q4_0, .q4_1, .q4_K, .q2_K, .q3_K, .tq1_0, .tq2_0, .q1_0, .q2_0: .int4
    case .q8_K: .f32
    default: dtype.isBlockQuantized ? .int8 : .f32
    }
  }
}
