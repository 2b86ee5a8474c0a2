import Models

extension Engine {
  /// The options with every setting decided: what they say, else what the profile says, else the default.
  static func resolve(_ options: EngineOptions, _ profile: EngineProfile?) throws(InferenceError) -> EngineOptions {
    try options.validate()
    var resolved = options
    resolved.settings = options.settings.completed(by: profile?.settings ?? EngineSettings()).completed(by: .standard)
    let steps = resolved.stepTokens ?? EngineOptions.defaultStepTokens
    // A limit that was given must fit what the profile says; where none was, it follows.
    if let given = options.maxRunning, given > steps, options.stepTokens == nil { resolved.stepTokens = given }
    resolved.maxRunning = options.maxRunning ?? min(EngineOptions.defaultMaxRunning, steps)
    return resolved
  }

  /// The model with the extensions that the settings name, and a note for each that nobody brought.
  static func extend(
    _ model: any LanguageModel, _ options: EngineOptions
  ) throws(InferenceError) -> (any LanguageModel, [String]) {
    var model = model
    var notes: [String] = []
    for (name, setting) in options.settings.extensions.sorted(by: { $0.key < $1.key }) {
      guard let known = options.extensions.first(where: { $0.name == name }) else {
        notes.append("the settings name an extension '\(name)' that this program does not have")
        continue
      }
      do { model = try known.extend(model, setting: setting) } catch {
        throw .extensionFailed(name: name, problem: "\(error)")
      }
    }
    return (model, notes)
  }
}
