import CVenturi
import Inference

/// Finds the settings that serve a goal best: tries each advice alone, in the order of predicted gain, then those that
/// helped together, and measures the best again.
///
/// A candidate and what it is compared with take turns; it counts as better when the whole interval of their ratio is
/// above 1. What is chosen has passed that twice, the second time in a series that did not take part in choosing.
public struct Optimizer: Sendable {
  /// The goal.
  public var goal: Goal
  /// The seconds that it may take.
  public var budget: Double
  /// How much worse the perplexity may become: 0.01 for one per cent.
  public var allowedPerplexity: Double
  /// How much slower the work may become where the goal is memory.
  public var allowedSlowdown: Double
  /// Pairs of turns for each candidate.
  public var pairs: Int
  /// Pairs of turns for the choice.
  public var verificationPairs: Int
  /// Seconds of silence between turns.
  public var pauseSeconds: Double
  /// The time, in seconds.
  public var now: @Sendable () -> Double

  /// Advices that are predicted to make the goal so much worse are not tried.
  public static let hopeless = 0.8

  /// An optimizer.
  public init(
    goal: Goal, budget: Double = 300, allowedPerplexity: Double = 0, allowedSlowdown: Double = 0.1, pairs: Int = 5,
    verificationPairs: Int = 10, pauseSeconds: Double = 0.02,
    now: @escaping @Sendable () -> Double = { vt_monotonic_seconds() }
  ) {
    self.goal = goal
    self.budget = budget
    self.allowedPerplexity = allowedPerplexity
    self.allowedSlowdown = allowedSlowdown
    self.pairs = max(3, pairs)
    self.verificationPairs = max(3, verificationPairs)
    self.pauseSeconds = pauseSeconds
    self.now = now
  }

  /// Searches.
  ///
  /// - Parameters:
  ///   - start: the settings in force, every value decided.
  ///   - standard: the engine's defaults, every value decided.
  ///   - advices: what to try, the largest predicted gain first.
  ///   - begun: when the budget began to run.
  ///   - isInterrupted: asked between turns; `true` ends the search with what was found.
  ///   - report: called with what is being done.
  /// - Throws: what measuring the starting settings throws; a candidate's failure is its verdict.
  public func run(
    start: EngineSettings, standard: EngineSettings, advices: [Advice], trials: any Trials, begun: Double? = nil,
    isInterrupted: @escaping @Sendable () -> Bool = { false }, report: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    var search = OptimizerSearch(
      optimizer: self, start: start, standard: standard, trials: trials, begun: begun ?? now(),
      isInterrupted: isInterrupted, report: report)
    return try await search.run(advices)
  }
}
