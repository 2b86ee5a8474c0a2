import Venturi

/// From what a user calls a model to the loaded thing.
package enum ModelAccess {
  /// The folder for models and everything else that is kept.
  package static var home: String { ModelHome().path }

  /// The file that a path or name means.
  ///
  /// - Throws: ``CommandFailure``, which says how to get the model.
  package static func path(of model: String) throws -> String {
    do throws(InferenceError) { return try ModelHome().file(for: model) } catch {
      guard case .modelNotFound = error else { throw error }
      let known = ModelPackage.known.filter { $0.content == .model }.map(\.name)
      let message: String
      if known.contains(model) {
        message = "the model '\(model)' is not in \(ModelHome().models); `venturi pull \(model)` fetches it"
      } else if let near = NearestWord.of(model, among: models().map(\.name) + known) {
        message = "\(error); did you mean '\(near)'?"
      } else {
        throw error
      }
      throw CommandFailure(status: .unavailable, kind: "model_not_found", message: message)
    }
  }

  /// The tokenizer of a model.
  ///
  /// - Throws: what reading the file throws.
  package static func tokenizer(_ model: String) throws -> Tokenizer {
    let checkpoint = try Checkpoint(path: try path(of: model))
    return try checkpoint.reading { try Tokenizer(checkpoint) }
  }

  /// The models in the home, by name; none where it cannot be read.
  package static func models() -> [ModelHome.Entry] { (try? ModelHome().list()) ?? [] }
}
