import Inference
import Models

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

  /// Its sizes.
  var description: ModelDescription {
    switch self {
    case .language(let engine): engine.model.description
    case .embedding(let embedder): embedder.model.description
    }
  }

  /// The most tokens that it takes here.
  var contextLength: Int {
    switch self {
    case .language(let engine): engine.contextLength
    case .embedding(let embedder): embedder.maxTokens
    }
  }
}
