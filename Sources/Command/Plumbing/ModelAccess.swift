import Profiling
import Venturi

/// From what a user calls a model to the loaded thing.
enum ModelAccess {
  /// The folder for models and everything else that is kept.
  static var home: String { ModelHome().path }

  /// The file that a path or name means.
  ///
  /// - Throws: ``CommandFailure``, which says how to get the model.
  static func path(of model: String) throws -> String {
    do throws(InferenceError) { return try ModelHome().file(for: model) } catch {
      guard case .modelNotFound = error else { throw error }
      let known = ModelPackage.known.map(\.name)
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

  /// The engine for a model, and the seconds that loading took.
  ///
  /// - Throws: what loading throws.
  static func load(
    _ model: ModelOptions, _ flags: GenerationFlags, profile: ProfileOptions
  ) async throws -> (Engine, Double) {
    let path = try path(of: model.model)
    let clock = ContinuousClock()
    let start = clock.now
    var options = model.engineOptions
    options.contextLength = flags.contextLength
    options.stepTokens = flags.batch.size
    options.profile = profile.source
    let engine = try await Engine.load(path, options: options)
    let seconds = (clock.now - start) / .seconds(1)
    for note in engine.notes { Output.note("note: \(note)") }
    if let contextLength = flags.contextLength, contextLength > engine.contextLength {
      Output.note("--ctx-size \(contextLength): the model holds at most \(engine.contextLength) tokens")
    }
    return (engine, seconds)
  }

  /// The tokenizer of a model.
  ///
  /// - Throws: what reading the file throws.
  static func tokenizer(_ model: String) throws -> BytePairTokenizer {
    let checkpoint = try Checkpoint(path: try path(of: model))
    return try checkpoint.reading { try BytePairTokenizer(checkpoint) }
  }

  /// The profiles beside the models in the home.
  static func profiles() -> [(model: String, path: String)] {
    models().map { ($0.name, EngineProfile.path(beside: $0.path)) }.filter { Files.size($0.path) > 0 }
  }

  /// The models in the home, by name; none where it cannot be read.
  static func models() -> [ModelHome.Entry] { (try? ModelHome().list()) ?? [] }
}
