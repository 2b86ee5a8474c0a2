import CVenturi
import Formats
import Inference
import Planner
import Profiling

/// A search for an engine's best settings, trial by trial, and what it found.
public struct TuningRun {
  /// How to search.
  public struct Options: Sendable {
    /// The method.
    public var method = SearchMethod.tpe
    /// The most trials.
    public var trials = 40
    /// The most seconds.
    public var seconds = Double.infinity
    /// Whether the Planner's prediction comes first.
    public var usesPrior = false
    /// Measurements of the chosen and the engine's own settings on a second sample.
    public var confirmations = 3

    /// The usual ones.
    public init() {}
  }

  /// A trial.
  public struct Trial: Sendable {
    /// The settings.
    public var settings: ServingSettings
    /// The part of the requests.
    public var part: Double
    /// What was measured.
    public var result: TrialResult
    /// What counts of it.
    public var value: Double
    /// Why that is nothing.
    public var problem: String?
  }

  /// The space.
  public let space: ServingSpace
  /// The trials, in their order.
  public private(set) var trials: [Trial] = []
  /// The engine's own settings.
  public private(set) var own: TrialResult
  /// The settings that were the best; the engine's own where nothing was better.
  public private(set) var best = ServingSettings()
  /// Their throughput in the search.
  public private(set) var bestValue: Double
  /// Throughputs of the engine's own settings and of the best on a second sample of requests, in turns.
  public private(set) var confirmation: (own: [Double], best: [Double]) = ([], [])
  /// What each setting explains, as a forest that learnt the trials sees it; nothing for too few of them.
  public private(set) var effects: MainEffects?
  /// What the Planner predicted for the space, and what it was fitted on.
  public private(set) var prediction: (values: [Double], fits: JSON)?
  private let points: [TuningTrial]

  /// Searches.
  ///
  /// - Parameters:
  ///   - bench: what measures.
  ///   - space: what may be tried.
  ///   - options: how.
  ///   - report: called before every trial with its number and the best so far.
  /// - Throws: what the bench throws; `PlannerError`.
  public init(
    on bench: ServingBench, space: ServingSpace, options: Options,
    report: (Int, ServingSettings, Double) -> Void = { _, _, _ in }
  ) throws {
    self.space = space
    let begin = vt_monotonic_seconds()
    let own = try bench.measureOwn()
    self.own = own
    var tunerOptions = InferenceTuner.Options()
    tunerOptions.budget = options.trials
    tunerOptions.start = space.point(nearest: Self.defaults)
    var prior: InferenceTuner.Prior?
    if options.usesPrior {
      guard let all = space.parameters.points else {
        throw PlannerError.invalid(field: "prior", problem: "the space has too many points to predict all")
      }
      let predicted = try bench.predict(all.map { space.settings($0) })
      prediction = predicted
      let values = Dictionary(zip(all, predicted.values)) { first, _ in first }
      prior = { values[$0] ?? 0 }
    }
    let tuner = try InferenceTuner(
      space.parameters, method: options.method, seed: bench.options.seed, options: tunerOptions, prior: prior)
    var trials: [Trial] = []
    var points: [TuningTrial] = []
    var (best, bestValue) = (ServingSettings(), bench.options.limits.value(own))
    while trials.count < options.trials, vt_monotonic_seconds() - begin < options.seconds,
      let proposal = try tuner.next(after: points)
    {
      let settings = space.settings(proposal.point)
      report(trials.count + 1, settings, bestValue)
      let result = try bench.measure(settings, on: bench.workload.part(proposal.part, seed: bench.options.seed))
      let value = bench.options.limits.value(result)
      points.append(TuningTrial(proposal.point, part: proposal.part, value: value))
      trials.append(
        Trial(
          settings: settings, part: proposal.part, result: result, value: value,
          problem: bench.options.limits.problem(result)))
      if proposal.part == 1, value > bestValue { (best, bestValue) = (settings, value) }
    }
    (self.trials, self.points, self.best, self.bestValue) = (trials, points, best, bestValue)
    effects = trials.count >= 8 ? try? MainEffects.estimated(from: points, of: space.parameters) : nil
    // What was tuned on is no proof: other requests of the same kind, the two in turns.
    let second = bench.workload.secondSample(seed: bench.options.seed)
    for repetition in 0..<options.confirmations {
      report(trials.count, best, bestValue)
      confirmation.own.append(try bench.measure(ServingSettings(), on: second, repetition: repetition).tokensPerSecond)
      confirmation.best.append(try bench.measure(best, on: second, repetition: repetition).tokensPerSecond)
    }
  }

  /// The engine's own settings, in the words of a space.
  static var defaults: ServingSettings {
    let values: [ServingParameter: String] = [
      .batch: "64", .threads: "\(MachineIdentity.current.processors)", .chunk: "128",
      .step: "\(EngineOptions.defaultStepTokens)",
      .stepMilliseconds: "\(Int(EngineOptions.defaultStepSeconds * 1000))", .lookup: "0", .cache: "f16",
      .compute: "fast",
    ]
    return (try? ServingSettings(values)) ?? ServingSettings()
  }

  /// The setting that explains most.
  public var mostInfluential: (parameter: ServingParameter, share: Double)? {
    guard let effects, let strongest = effects.strongest else { return nil }
    return (space.dimensions[strongest].parameter, effects.shares[strongest])
  }

  /// By how much the best is faster than the engine's own settings on the second sample, by medians.
  public var gain: Double? {
    guard let own = Summary(confirmation.own)?.median, let best = Summary(confirmation.best)?.median, own > 0 else {
      return nil
    }
    return best / own
  }
}
