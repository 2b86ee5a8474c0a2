import Inference

/// What a technique says could be done about a model on a machine: the setting that does it, and what its cost model
/// expects of it.
public struct Advice: Sendable {
  /// The technique's name; advices of one technique exclude each other.
  public var technique: String
  /// The advice's own: `threads 2`.
  public var name: String
  /// The narrow places that it widens, of those that its technique addresses.
  public var addresses: [Bottleneck]
  /// Whether answers stay the same, bit for bit.
  public var isExact: Bool
  /// How many times better the goal is expected to become; below 1 it gets worse.
  public var predictedGain: Double
  /// Switches it on.
  public var apply: @Sendable (inout EngineSettings) -> Void

  /// An advice from its parts.
  public init(
    technique: String, name: String, addresses: [Bottleneck], isExact: Bool, predictedGain: Double,
    apply: @escaping @Sendable (inout EngineSettings) -> Void
  ) {
    self.technique = technique
    self.name = name
    self.addresses = addresses
    self.isExact = isExact
    self.predictedGain = predictedGain
    self.apply = apply
  }

  /// Settings with the advice taken.
  public func applied(to settings: EngineSettings) -> EngineSettings {
    var changed = settings
    apply(&changed)
    return changed
  }
}
