import Foundation
import Profiling
import Venturi

/// A technique from outside of the package takes part in `optimize`: it predicts, is measured, and the profile holds it.
@main
struct OwnTechnique {
  static func main() async throws {
    let model = CommandLine.arguments.dropFirst().first ?? "smollm2"
    var registry = TechniqueRegistry.builtIn
    registry.add(SharedPrefix())

    let trials = try EngineTrials(model, goal: .latency, extensions: registry.extensions)
    let start = EngineTrials.decided(EngineSettings())
    let subject = try await trials.subject(start)
    let outcome = try await Optimizer(goal: .latency, budget: 60).run(
      start: start, standard: start, advices: registry.advices(for: subject), trials: trials)
    for lever in outcome.levers + outcome.combinations {
      let measured = lever.measured.map { "measured ×\($0.median) (\($0.low) to \($0.high))" } ?? "not measured"
      print("\(lever.name): predicted ×\(lever.predicted), \(measured), \(lever.verdict.text)")
    }
    print("chosen: \(outcome.name), \(outcome.chosen.without(start).json.line)")

    // The profile takes effect in any engine that has the extension, and the answers stay the same.
    let profile = EngineProfile(
      settings: outcome.chosen.without(start), goal: outcome.goal.name, gain: outcome.gain?.median ?? 1,
      figures: outcome.figures, model: try await trials.fingerprint())
    let path = FileManager.default.temporaryDirectory.appending(path: "own-technique.profile.json").path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try profile.write(to: path)
    let tuned = try await Engine.load(
      model, options: EngineOptions(profile: .path(path), extensions: registry.extensions))
    let plain = try await Engine.load(model, options: EngineOptions(profile: .none))
    let question = "Why does water flow faster where a pipe is narrow?"
    var options = GenerationOptions.greedy
    options.maxTokens = 24
    let answers = [
      try await tuned.session().respond(to: question, options: options).completion(),
      try await plain.session().respond(to: question, options: options).completion(),
    ]
    print(answers[0].text)
    guard answers[0].tokens == answers[1].tokens else { fatalError("another answer with the technique") }
  }
}
