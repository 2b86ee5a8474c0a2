import Tensors

/// The rows of a packed embedding matrix, decoded as they are looked up.
public struct TokenEmbedding: Sendable {
  private let matrix: PackedMatrix

  /// The embedding matrix [vocabulary, width]; it may be the output head's too.
  public init(_ matrix: PackedMatrix) { self.matrix = matrix }

  /// The number of token ids.
  public var vocabularySize: Int { matrix.outFeatures }
  /// The length of a row.
  public var width: Int { matrix.inFeatures }

  /// The rows of the token ids that `tokens` holds when the operator runs: [count, width], f32.
  ///
  /// - Precondition: the ids are below ``vocabularySize``.
  public func callAsFunction(_ tokens: UnsafePointer<Int32>, count: Int, _ context: Context) -> Tensor {
    context.rows(of: matrix, at: tokens, count: count)
  }
}
