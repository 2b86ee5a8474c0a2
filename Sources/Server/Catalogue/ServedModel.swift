import Inference
import Models
import NumericTypes

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

  /// Its sizes as the model states them.
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

  /// What it takes: its weights, and for a language model all states and adapters that it may have at one time.
  public var bytes: Int {
    switch self {
    case .language(let engine):
      description.weightBytes.addingClamped(engine.statistics.capacityBytes)
        .addingClamped(engine.statistics.adapterLimit)
    case .embedding: description.weightBytes
    }
  }

  /// The same model for one who uses it for a time: `holding` is held until the last trace of that use is gone.
  func lent(holding: some AnyObject & Sendable) -> ServedModel {
    switch self {
    case .language(let engine): .language(engine.lent(holding: holding))
    case .embedding(let embedder): .embedding(embedder.lent(holding: holding))
    }
  }

  /// What exists as long as the model's memory is taken.
  var lifetime: AnyObject {
    switch self {
    case .language(let engine): engine.lifetime
    case .embedding(let embedder): embedder.lifetime
    }
  }
}
