import Formats
import Inference

/// What is the same in every chunk of an answer.
struct AnswerHeader: Sendable {
  let id: String
  let created: Int
  let model: String

  /// The header of a new answer.
  init(prefix: String, model: String) {
    id = RequestIdentity.make(prefix)
    created = Int.secondsSince1970
    self.model = model
  }

  /// What answers with equal seeds depend on.
  static let fingerprint = "fp_venturi_\(EngineVersion.number)"

  func members(_ object: String) -> [JSON.Member] {
    [
      JSON.Member("id", .string(id)), JSON.Member("object", .string(object)), JSON.Member("created", .integer(created)),
      JSON.Member("model", .string(model)), JSON.Member("system_fingerprint", .string(Self.fingerprint)),
    ]
  }
}
