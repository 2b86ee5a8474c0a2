import Inference

/// A loaded model.
public enum ServedModel: Sendable {
  /// One that goes on with text.
  case language(Engine)
  /// One that makes vectors of texts.
  case embedding(Embedder)

  /// What it is for.
  public var kind: ModelKind {
    switch self {
    case .language: .language
    case .embedding: .embedding
    }
  }
}
