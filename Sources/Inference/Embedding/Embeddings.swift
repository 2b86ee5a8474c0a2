/// What texts became: one vector for each, and how much of each text it stands for.
public struct Embeddings: Sendable, Equatable {
  /// The length of a vector.
  public let dimension: Int
  /// The vectors, one after the other.
  public let values: [Float]
  /// The tokens of each whole text, those that the model sets around it included.
  public let tokens: [Int]
  /// The texts that have more tokens than the model takes, whose vectors stand for their beginning only.
  public let truncated: [Int]

  /// Vectors from their parts.
  ///
  /// - Precondition: there are `dimension` values for each of `tokens`.
  public init(dimension: Int, values: [Float], tokens: [Int], truncated: [Int]) {
    precondition(values.count == dimension * tokens.count, "\(values.count) values for \(tokens.count) texts")
    self.dimension = dimension
    self.values = values
    self.tokens = tokens
    self.truncated = truncated
  }

  /// The number of texts.
  public var count: Int { tokens.count }

  /// The vector of a text.
  public subscript(index: Int) -> ArraySlice<Float> { values[index * dimension..<(index + 1) * dimension] }
}
