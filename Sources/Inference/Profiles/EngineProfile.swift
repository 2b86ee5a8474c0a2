import Formats

/// Settings that were measured to be the best for a model on a machine, with what was predicted and measured of them.
///
/// `venturi optimize` writes it beside the model's file; ``Engine/load(_:options:)`` reads it.
public struct EngineProfile: Sendable, Equatable {
  /// What one lever was predicted and measured to bring: factors of the goal, above 1 is better.
  public struct Figure: Sendable, Equatable {
    /// The lever: `threads 2`.
    public var name: String
    /// The gain that its cost model predicts.
    public var predicted: Double
    /// The measured gain; `nil` where it was not measured.
    public var measured: Double?

    /// A figure from its parts.
    public init(name: String, predicted: Double, measured: Double?) {
      self.name = name
      self.predicted = predicted
      self.measured = measured
    }
  }

  /// The settings.
  public var settings: EngineSettings
  /// What they are good for: `decode@2048`.
  public var goal: String
  /// The measured gain over the settings that `optimize` began with.
  public var gain: Double
  /// Every lever that was considered.
  public var figures: [Figure]
  /// Where it was measured.
  public var machine: MachineIdentity
  /// What it was measured on.
  public var model: ModelFingerprint
  /// The version of the engine.
  public var version: String
  /// The file that it was read from, if it was.
  public var path: String?

  /// A profile from its parts.
  public init(
    settings: EngineSettings, goal: String, gain: Double, figures: [Figure] = [],
    machine: MachineIdentity = .current, model: ModelFingerprint, version: String = EngineVersion.number
  ) {
    self.settings = settings
    self.goal = goal
    self.gain = gain
    self.figures = figures
    self.machine = machine
    self.model = model
    self.version = version
  }

  static let format = "venturi-profile-1"

  /// The content of the file.
  public var json: JSON {
    [
      "format": .string(Self.format), "goal": .string(goal), "settings": settings.json,
      "gain": .rounded(gain, digits: 4),
      "levers": .array(
        figures.map { figure in
          [
            "name": .string(figure.name), "predicted": .rounded(figure.predicted, digits: 4),
            "measured": figure.measured.map { .rounded($0, digits: 4) } ?? .null,
          ]
        }), "machine": machine.json, "model": model.json, "version": .string(version),
    ]
  }

  /// Why the profile does not hold here; `nil` when it does.
  public func mismatch(machine here: MachineIdentity, model: ModelFingerprint) -> String? {
    if self.model != model { return "it was made for another model file" }
    if machine.processor != here.processor { return "it was made on another processor, \(machine.processor)" }
    if machine.kernels != here.kernels { return "it was made with the \(machine.kernels) kernels" }
    if machine.processors != here.processors {
      return "it was made on \(machine.processors) processors, not \(here.processors)"
    }
    return nil
  }
}
