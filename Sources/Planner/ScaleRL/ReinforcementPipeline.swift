/// What streaming generation gains over generating and training in turns.
///
/// In turns all devices generate a batch, wait for its longest answer, and then all train. Streaming, a part x of the devices
/// generates all the time and the others train all the time; the slower of both sets the pace.
public struct ReinforcementPipeline: Sendable, Hashable {
  /// Device-seconds that generate a batch, without waiting.
  public var generation: Double
  /// Device-seconds that train on it.
  public var training: Double
  /// The longest answer of a batch over the mean: how much longer a batch takes than its tokens.
  public var straggling: Double
  /// Seconds in which new weights reach the generators.
  public var update: Double

  /// Times of a step.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for seconds that are not above 0 (the update: below 0), and a longest
  ///   answer shorter than the mean.
  public init(
    generation: Double, training: Double, straggling: Double = 1, update: Double = 0
  ) throws(PlannerError) {
    for (field, value) in [("generation", generation), ("training", training)] where !(value > 0 && value.isFinite) {
      throw .invalid(field: field, problem: "\(value) must be above 0")
    }
    guard straggling >= 1, straggling.isFinite else {
      throw .invalid(field: "straggling", problem: "\(straggling) must be at least 1")
    }
    guard update >= 0, update.isFinite else {
      throw .invalid(field: "update", problem: "\(update) must not be below 0")
    }
    self.generation = generation
    self.training = training
    self.straggling = straggling
    self.update = update
  }

  /// Seconds of a step in turns.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for devices below 1.
  public func alternating(devices: Int) throws(PlannerError) -> Double {
    guard devices >= 1 else { throw .invalid(field: "devices", problem: "\(devices) must be at least 1") }
    return (straggling * generation + training) / Double(devices) + update
  }

  /// The best number of generators among `devices`, and seconds of a step with them.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for devices outside 2…2²⁰.
  public func streaming(devices: Int) throws(PlannerError) -> (generators: Int, seconds: Double) {
    guard (2...1 << 20).contains(devices) else {
      throw .invalid(field: "devices", problem: "\(devices) lies outside 2…\(1 << 20)")
    }
    func seconds(_ generators: Int) -> Double {
      max(generation / Double(generators), training / Double(devices - generators)) + update
    }
    let even = Double(devices) * generation / (generation + training)
    let near = [even.rounded(.down), even.rounded(.up)].map { min(devices - 1, max(1, Int($0))) }
    let best = seconds(near[0]) <= seconds(near[1]) ? near[0] : near[1]
    return (best, seconds(best))
  }
}
