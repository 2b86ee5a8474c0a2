import Formats
import Inference
import Models
import Profiling

/// What `venturi tune serve` writes: a profile of the engine that any verb can read, and what only a server can set.
public struct TunedProfile: Sendable, Equatable {
  /// The profile.
  public var profile: EngineProfile
  /// Sequences at once.
  public var sequences: Int?
  /// The seconds of a step.
  public var stepSeconds: Double?

  /// A profile from its parts.
  public init(profile: EngineProfile, sequences: Int? = nil, stepSeconds: Double? = nil) {
    (self.profile, self.sequences, self.stepSeconds) = (profile, sequences, stepSeconds)
  }

  /// The profile of tuned settings.
  public init(_ settings: ServingSettings, gain: Double, goal: String, model: ModelFingerprint) {
    self.init(
      profile: EngineProfile(settings: settings.engine, goal: goal, gain: gain, model: model),
      sequences: settings.number(.batch), stepSeconds: settings.stepSeconds)
  }

  /// The most sequences, and the shortest and longest step.
  private static let sequenceRange = 1...4096
  private static let stepRange = 0.001...60.0

  /// Reads a file's bytes.
  ///
  /// - Throws: `InferenceError` naming the field.
  public init(parsing bytes: [UInt8], path: String) throws(InferenceError) {
    profile = try EngineProfile(parsing: bytes, path: path)
    guard let serving = (try? JSON(parsing: bytes))?["serving"], serving.members != nil else {
      throw .damagedProfile(
        path: path, field: "serving", problem: "an object is expected: `venturi tune serve` writes it")
    }
    if let value = serving["sequences"], value != .null {
      guard let count = value.int, Self.sequenceRange.contains(count) else {
        throw .damagedProfile(path: path, field: "serving.sequences", problem: "a number from 1 to 4096 is expected")
      }
      sequences = count
    }
    if let value = serving["stepSeconds"], value != .null {
      guard let seconds = value.double, Self.stepRange.contains(seconds) else {
        throw .damagedProfile(
          path: path, field: "serving.stepSeconds", problem: "a number from 0.001 to 60 is expected")
      }
      stepSeconds = seconds
    }
  }

  /// The file's content, with what else is to be known of the run.
  public func json(adding members: [JSON.Member] = []) -> JSON {
    .object(
      (profile.json.members ?? []) + [
        JSON.Member(
          "serving",
          [
            "sequences": sequences.map { .integer($0) } ?? .null,
            "stepSeconds": stepSeconds.map { .number($0) } ?? .null,
          ])
      ] + members)
  }

  /// Sets in `options` what they leave open.
  public func complete(_ options: inout EngineOptions) {
    options.settings = options.settings.completed(by: profile.settings)
    options.maxRunning = options.maxRunning ?? sequences
    if let stepSeconds { options.stepSeconds = stepSeconds }
  }
}
