import Profiling
import Venturi

extension ModelAccess {
  /// The engine for a model, and the seconds that loading took.
  ///
  /// - Throws: what loading throws.
  static func load(
    _ model: ModelOptions, _ flags: GenerationFlags, profile: ProfileOptions, adapter: AdapterOptions = AdapterOptions()
  ) async throws -> (Engine, Double) {
    let path = try path(of: model.model)
    let clock = ContinuousClock()
    let start = clock.now
    var options = model.engineOptions
    options.contextLength = flags.contextLength
    options.stepTokens = flags.batch.size
    options.sparse = flags.sparse.sparse
    options.profile = profile.source
    options.draft = try flags.draftModel.map { name in try Self.path(of: name) }
    options.adapters = adapter.lora.map { [$0.source] } ?? []
    // One adapter may take what it takes.
    options.adapterMemoryLimit = .max
    let loaded = try await Engine.load(path, options: options)
    let engine = try adapter.lora.map { try loaded.adapted(by: $0.source.name) } ?? loaded
    let seconds = (clock.now - start) / .seconds(1)
    for note in engine.notes { Output.note("note: \(note)") }
    if let contextLength = flags.contextLength, contextLength > engine.contextLength {
      Output.note("--ctx-size \(contextLength): the model holds at most \(engine.contextLength) tokens")
    }
    return (engine, seconds)
  }

  /// The profiles beside the models in the home.
  static func profiles() -> [(model: String, path: String)] {
    models().map { ($0.name, EngineProfile.path(beside: $0.path)) }.filter { Files.size($0.path) > 0 }
  }
}
