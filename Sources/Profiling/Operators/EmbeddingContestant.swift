import Inference
import Models
import Tensors

/// Our own side of a benchmark of embeddings.
final class EmbeddingContestant: OperatorContestant {
  private let embedder: Embedder
  private let sentences: [String]

  init(_ operation: EmbeddingCase, context: Context) throws {
    embedder = try Embedder.open(
      Checkpoint(path: operation.model), context: context, options: EmbedderOptions(compute: operation.compute))
    sentences = operation.sentences
  }

  func turn(repeats: Int) throws -> Double {
    try TimingProtocol.time { for _ in 0..<repeats { _ = try embedder.compute(sentences) } } / Double(repeats)
  }
}
