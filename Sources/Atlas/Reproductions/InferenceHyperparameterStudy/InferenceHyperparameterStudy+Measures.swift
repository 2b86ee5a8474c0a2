import Planner
import Profiling
import Tuning

extension InferenceHyperparameterStudy {
  /// The landscape of the default model, the searches on it, the prediction, and the transfer between machines.
  ///
  /// - Throws: what the engine's processes and the planner throw; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    guard let model = conditions.modelPath, let process = TrialProcess.installed else {
      return [
        Measure(
          "throughput over batch, threads and chunk", unit: "tok/s", ours: nil,
          absent: "smollm2 has not been pulled, or venturi-serve was not built")
      ]
    }
    let grid = try Grid(conditions, model: model, process: process)
    var measures = try grid.shape() + grid.tuning() + grid.prediction()
    measures += try transfer(conditions, model: model, process: process)
    measures += try batches(conditions, model: model, process: process)
    return measures
  }

  /// The sheet's requests, so many of them; a few short ones to try it out.
  static func workload(_ count: Int, _ conditions: RunConditions) -> ServedWorkload {
    guard conditions.quick else { return .standard(count) }
    return ServedWorkload(
      ServedWorkload.standard(4).requests.map {
        ServedWorkload.Request(promptTokens: $0.promptTokens / 4, outputTokens: 6)
      })
  }

  /// The measured grid, and what is asked of it.
  struct Grid {
    let conditions: RunConditions
    let bench: ServingBench
    let space: ServingSpace
    let landscape: Landscape

    init(_ conditions: RunConditions, model: String, process: TrialProcess) throws {
      self.conditions = conditions
      let workload = InferenceHyperparameterStudy.workload(32, conditions)
      bench = try ServingBench(model: model, workload: workload, process: process, store: nil)
      let threads = conditions.threads > 1 ? ["1", "\(conditions.threads)"] : ["1"]
      space = try ServingSpace([
        ServingSpace.Dimension(.batch, conditions.quick ? ["1", "4", "16"] : (0...6).map { "\(1 << $0)" }),
        ServingSpace.Dimension(.threads, threads),
        ServingSpace.Dimension(.chunk, conditions.quick ? ["32", "128"] : ["32", "64", "128", "512"]),
      ])
      try conditions.next("the engine's own settings")
      _ = try bench.measureOwn()
      landscape = try bench.landscape(space, repetitions: conditions.quick ? 2 : 3) { done, all, settings in
        conditions.report("\(done + 1) of \(all): \(settings.text)")
        if conditions.isCancelled() { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }

    private var count: Int { landscape.values.count }
    private var best: Double { landscape.values[landscape.maximum] }

    /// What kind of landscape it is.
    func shape() throws -> [Measure] {
      let effects = landscape.effects
      let peaks = landscape.localMaxima
      let shares = zip(landscape.axes, effects.shares).map { "\($0.name) \(Int((100 * $1).rounded())) %" }
      let strongest = effects.strongest.map { landscape.axes[$0].name } ?? "none"
      return [
        Measure(
          "throughput of \(count) settings, the best: \(landscape.name(landscape.maximum))", unit: "tok/s",
          ours: Summary(landscape.repetitions[landscape.maximum]),
          peer: Summary(landscape.values), peerName: "all settings"),
        Measure(
          "local maxima beyond twice the deviation of \(scientific(landscape.deviation, digits: 3)) tok/s"
            + (peaks.isEmpty ? "" : ": \(peaks.map { landscape.name($0) }.joined(separator: "; "))"),
          unit: "", ours: Summary([Double(peaks.count)])),
        Measure(
          "correlation of a value with the next one along a random walk", unit: "",
          ours: landscape.walkCorrelation.flatMap { Summary([$0]) }),
        Measure(
          "part of the variance by \(strongest), the most influential setting ("
            + shares.joined(separator: ", ")
            + ")", unit: "%", ours: effects.shares.max().flatMap { Summary([100 * $0]) }),
      ]
    }

    /// Trials until a setting reaches 98 % of the best, on the measured medians.
    private func trials(seed: UInt64, prior: InferenceTuner.Prior? = nil) throws -> Double {
      let points = space.parameters.points ?? []
      let places = Dictionary(zip(points, points.indices)) { first, _ in first }
      let tuner = try InferenceTuner(space.parameters, method: .tpe, seed: seed, prior: prior)
      let trials = try tuner.run(trials: count) { places[$0.point].map { landscape.values[$0] } ?? 0 }
      return Double((trials.firstIndex { $0.value >= 0.98 * best } ?? count - 1) + 1)
    }

    /// The tuner on the grid, and what its choice brings on other requests.
    func tuning() throws -> [Measure] {
      try conditions.next("tuning")
      let found = try (0..<5).map { try trials(seed: UInt64($0)) }
      let chosen = space.settings((space.parameters.points ?? [])[landscape.maximum])
      let second = bench.workload.secondSample(seed: 1)
      var (own, tuned): ([Double], [Double]) = ([], [])
      for turn in 0..<(conditions.quick ? 2 : 5) {
        try conditions.next("the engine's own settings and the best in turns, \(turn + 1)")
        own.append(try bench.measure(ServingSettings(), on: second, repetition: turn).tokensPerSecond)
        tuned.append(try bench.measure(chosen, on: second, repetition: turn).tokensPerSecond)
      }
      return [
        Measure(
          "part of the grid tried until 98 % of its best is found, 5 seeds", unit: "%",
          ours: try RunConditions.summary(found.map { 100 * $0 / Double(count) }),
          target: conditions.quick ? nil : .atMost(25, .ours)),
        Measure(
          "\(chosen.text) against the engine's own settings, on a second sample", unit: "tok/s",
          ours: try RunConditions.summary(tuned), peer: try RunConditions.summary(own),
          peerName: "the engine's own settings",
          ratio: RatioEstimate(ours: own, theirs: tuned)),
      ]
    }

    /// The Planner's landscape of the same grid, and what it saves as a prior.
    func prediction() throws -> [Measure] {
      try conditions.next("predicting")
      let points = space.parameters.points ?? []
      let predicted = try bench.predict(points.map { space.settings($0) }).values
      let first = predicted.indices.max { predicted[$0] < predicted[$1] } ?? 0
      let values = Dictionary(zip(points, predicted)) { first, _ in first }
      let seeds = (0..<20).map { UInt64($0) }
      let plain = try seeds.map { try trials(seed: $0) }
      let guided = try seeds.map { try trials(seed: $0) { values[$0] ?? 0 } }
      return [
        Measure(
          "rank correlation of the predicted with the measured landscape", unit: "",
          ours: Correlation.spearman(predicted, landscape.values).flatMap { Summary([$0]) },
          target: conditions.quick ? nil : .atLeast(0.8, .ours)),
        Measure(
          "what the predicted best reaches of the measured best", unit: "%",
          ours: Summary([100 * landscape.values[first] / max(best, 1e-9)]),
          target: conditions.quick ? nil : .atLeast(90, .ours)),
        Measure(
          "trials until 98 % of the best with the prediction first, 20 seeds", unit: "trials",
          ours: try RunConditions.summary(guided), peer: try RunConditions.summary(plain), peerName: "without",
          ratio: RatioEstimate(ours: guided, theirs: plain),
          target: conditions.quick ? nil : .atLeast(1 / 0.7)),
      ]
    }
  }

  /// What it brings to tune anew on machines made of this one.
  private func transfer(
    _ conditions: RunConditions, model: String, process: TrialProcess
  ) throws -> [Measure] {
    let space = try ServingSpace([
      ServingSpace.Dimension(.batch, conditions.quick ? ["1", "8"] : ["1", "4", "16", "64"]),
      ServingSpace.Dimension(.threads, conditions.threads > 1 ? ["1", "\(conditions.threads)"] : ["1"]),
      ServingSpace.Dimension(.chunk, conditions.quick ? ["128"] : ["32", "128"]),
    ])
    var (machines, absent): ([(name: String, values: [Double])], [String]) = ([], [])
    for variant in conditions.quick ? [HardwareVariant.native, .oneProcessor] : HardwareVariant.allCases {
      var (process, options) = (process, ServingBench.Options())
      do throws(ProfilingError) { try variant.apply(to: &process, &options) } catch {
        absent.append("\(error)")
        continue
      }
      // Scalar kernels take many times as long: fewer requests, for all machines alike.
      let bench = try ServingBench(
        model: model, workload: Self.workload(8, conditions), process: process, store: nil, options: options)
      let landscape = try bench.landscape(space, repetitions: conditions.quick ? 1 : 2) { done, all, settings in
        conditions.report("\(variant.text), \(done + 1) of \(all): \(settings.text)")
        if conditions.isCancelled() { withUnsafeCurrentTask { $0?.cancel() } }
      }
      machines.append((variant.text, landscape.values))
    }
    let study = try TransferStudy(machines)
    let points = space.parameters.points ?? []
    var measures: [Measure] = []
    for (from, row) in study.gains.enumerated() {
      for (to, gain) in row.enumerated() where from != to {
        measures.append(
          Measure(
            "tuned anew on '\(study.machines[to])' after '\(study.machines[from])' "
              + "(\(space.settings(points[study.best[from]]).text) → \(space.settings(points[study.best[to]]).text))",
            unit: "%", ours: gain.flatMap { Summary([100 * $0]) },
            absent: gain == nil ? "the settings fail there" : nil))
      }
    }
    for problem in absent { measures.append(Measure("transfer", unit: "%", ours: nil, absent: problem)) }
    return measures
  }
}
