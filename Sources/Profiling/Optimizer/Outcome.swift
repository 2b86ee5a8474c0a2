import Formats
import Inference

/// What an ``Optimizer`` found.
public struct Outcome: Sendable {
  /// Why the search ended.
  public enum Ending: String, Sendable {
    /// Everything was tried.
    case done
    /// The time was used up.
    case budget
    /// Somebody asked it to stop.
    case interrupted
  }

  /// The goal.
  public var goal: Goal
  /// The settings it began with.
  public var start: EngineSettings
  /// Every advice, in the order of predicted gain.
  public var levers: [Lever]
  /// Those that were tried together.
  public var combinations: [Lever]
  /// What was chosen: the name of a lever, `start` or `default`.
  public var name: String
  /// The settings that were chosen.
  public var chosen: EngineSettings
  /// Their gain over those it began with, in a series of its own; `nil` where nothing was better, or there was no time.
  public var gain: RatioEstimate?
  /// Their gain over the engine's defaults, where it began with others.
  public var gainOverDefault: RatioEstimate?
  /// Whether the choice was measured again, apart from the search.
  public var isVerified: Bool
  /// Why it ended.
  public var ending: Ending
  /// The seconds that it took.
  public var seconds: Double

  /// An outcome in which nothing was tried yet.
  public init(goal: Goal, start: EngineSettings, predicted advices: [Advice]) {
    self.init(
      goal: goal, start: start, levers: advices.map { Lever($0, on: start) }, combinations: [], name: "start",
      chosen: start, gain: nil, gainOverDefault: nil, isVerified: false, ending: .done, seconds: 0)
  }

  init(
    goal: Goal, start: EngineSettings, levers: [Lever], combinations: [Lever], name: String, chosen: EngineSettings,
    gain: RatioEstimate?, gainOverDefault: RatioEstimate?, isVerified: Bool, ending: Ending, seconds: Double
  ) {
    self.goal = goal
    self.start = start
    self.levers = levers
    self.combinations = combinations
    self.name = name
    self.chosen = chosen
    self.gain = gain
    self.gainOverDefault = gainOverDefault
    self.isVerified = isVerified
    self.ending = ending
    self.seconds = seconds
  }

  /// The levers as a profile keeps them.
  public var figures: [EngineProfile.Figure] {
    (levers + combinations).map {
      EngineProfile.Figure(name: $0.name, predicted: $0.predicted, measured: $0.measured?.median)
    }
  }

  /// `{"levers", "chosen", "gain", …}`.
  public var members: [JSON.Member] {
    [
      JSON.Member("levers", .array(levers.map(\.json))),
      JSON.Member("combinations", .array(combinations.map(\.json))),
      JSON.Member("chosen", ["name": .string(name), "settings": chosen.json]),
      JSON.Member("gain", gain?.json ?? .null),
      JSON.Member("gainOverDefault", gainOverDefault?.json ?? .null),
      JSON.Member("verified", .bool(isVerified)),
      JSON.Member("ending", .string(ending.rawValue)),
      JSON.Member("seconds", .rounded(seconds, digits: 4)),
    ]
  }
}
