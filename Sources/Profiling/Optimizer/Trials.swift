import Inference

/// What an ``Optimizer`` measures with.
public protocol Trials: Sendable {
  /// Does the goal's work once with the settings.
  ///
  /// - Parameters:
  ///   - settings: every value decided.
  ///   - other: what they are compared with; the cost of loading counts where the two load in another way.
  /// - Returns: the cost in ``Goal/unit``; less is better.
  /// - Throws: what the engine throws.
  func turn(_ settings: EngineSettings, beside other: EngineSettings) async throws -> Double

  /// The seconds of reading and generating with the settings, for goals that are no time.
  ///
  /// - Throws: what the engine throws.
  func work(_ settings: EngineSettings) async throws -> Double

  /// What the model answers to a sample of prompts.
  ///
  /// - Throws: what the engine throws.
  func answers(_ settings: EngineSettings) async throws -> [[Int32]]

  /// The model's perplexity on a text.
  ///
  /// - Throws: what the engine throws.
  func perplexity(_ settings: EngineSettings) async throws -> Double
}
