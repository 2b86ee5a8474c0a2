import Formats
import Inference

/// Texts that are to become vectors, and what is answered then.
struct VectorOrder: Sendable {
  let model: String?
  /// The texts, none longer than the model reads; throws ``RequestFailure``.
  let texts: @Sendable (Embedder) throws -> [String]
  /// The answer, from the vectors and the model's name.
  let answer: @Sendable (Embeddings, String) -> JSON
}
