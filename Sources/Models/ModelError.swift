import Formats
import NumericTypes
import Tensors

/// Why a model cannot be loaded or evaluated.
public enum ModelError: Error, Sendable, Equatable {
  /// The file's architecture is not one the engine knows.
  case unknownArchitecture(String)
  /// An encoder where a language model is needed, or the other way round.
  case wrongKind(architecture: String, isEncoder: Bool)
  /// A hyper-parameter that is missing, of the wrong type or out of range.
  case configuration(key: String, problem: String)
  /// A tensor the architecture needs that the file does not have.
  case missingTensor(String)
  /// A tensor with another shape or type than the architecture needs.
  case tensorMismatch(name: String, expected: String, found: String)
  /// More memory than there is room for.
  case doesNotFit(neededBytes: Int, availableBytes: Int)
  /// More tokens than the state or the model can hold.
  case contextExceeded(limit: Int, requested: Int)
  /// A token id outside the vocabulary.
  case tokenOutOfRange(id: Int, vocabularySize: Int)
  /// A batch without tokens, or with one state twice.
  case invalidBatch(String)
  /// A state of another kind or of other sizes than the model's.
  case foreignState
  /// An adapter that another model has loaded.
  case foreignAdapter
  /// An adapter that does not fit the model, by what it would change.
  case adapter(target: String, problem: String)
}

extension ModelError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .unknownArchitecture(let name): "general.architecture: '\(name)' is not supported"
    case .wrongKind(let name, true): "'\(name)' is an encoder: it gives embeddings and continues no text"
    case .wrongKind(let name, false): "'\(name)' continues text: it is no encoder and gives no embeddings"
    case .configuration(let key, let problem): "\(key): \(problem)"
    case .missingTensor(let name): "the file has no tensor '\(name)'"
    case .tensorMismatch(let name, let expected, let found):
      "tensor '\(name)' is \(found) where \(expected) is expected"
    case .doesNotFit(let needed, let available): "\(needed) bytes are needed where \(available) are available"
    case .contextExceeded(let limit, let requested): "\(requested) tokens where the context holds \(limit)"
    case .tokenOutOfRange(let id, let size): "token id \(id) is outside the vocabulary of \(size)"
    case .invalidBatch(let problem): "invalid batch: \(problem)"
    case .foreignState: "the state belongs to another model"
    case .foreignAdapter: "the adapter was loaded by another model"
    case .adapter(let target, let problem): "adapter: \(target): \(problem)"
    }
  }
}
