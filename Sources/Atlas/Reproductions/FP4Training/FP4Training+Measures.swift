import Costs
import Planner
import Profiling
import Tensors
import Training

extension FP4Training {
  /// A recipe's results: by task, a loss and an accuracy for each seed.
  struct Results {
    var losses: [[Double]] = []
    var accuracies: [[Double]] = []
  }

  /// The recipes on all tasks, the front of loss and cost, and what the Planner says of them.
  ///
  /// - Throws: what training throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let context = Context(threads: conditions.threads)
    let (tasks, absent) = Self.tasks(conditions, context)
    var measures = absent.map { Measure("task", unit: "", ours: nil, absent: $0) }
    if tasks.isEmpty { return measures }
    let seeds: [UInt64] = conditions.quick ? [1] : [1, 2, 3]
    func results(_ named: Named) throws -> Results {
      var results = Results()
      for task in tasks {
        var (losses, accuracies): ([Double], [Double]) = ([], [])
        for seed in seeds {
          try conditions.next("\(task.name), seed \(seed): \(named.name)")
          let found: (loss: Double, accuracy: Double?)
          do {
            found = try task.run(named.recipe, seed, context)
          } catch is TrainingError {
            // Training that diverges has lost everything.
            found = (.infinity, 0)
          }
          losses.append(found.loss)
          if let accuracy = found.accuracy { accuracies.append(accuracy) }
        }
        results.losses.append(losses)
        results.accuracies.append(accuracies)
      }
      return results
    }
    let exact = try results(Self.f32)
    let named = Self.recipes(conditions)
    let all = try named.map { try results($0) }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    /// A recipe's mean loss beyond that of f32, task by task.
    func gaps(_ results: Results) -> [Double] {
      zip(results.losses, exact.losses).map { mean($0) - mean($1) }
    }
    let base = gaps(all[0])
    /// The part of plain MXFP4's gap that is left, task by task, and its mean.
    func part(_ results: Results) -> Double { mean(zip(gaps(results), base).map { $0 / $1 }) }
    let parts = all.map { part($0) }
    let costs = named.map { $0.recipe?.cost(rows: 2048, inputs: 1024, outputs: 1024).overhead ?? 0 }
    func summary(_ value: Double) -> Summary? { Summary([value]) }
    let best = parts.indices.min { parts[$0] < parts[$1] } ?? 0
    measures.append(
      Measure(
        "loss gap of the best recipe as a part of plain MXFP4's, mean over \(tasks.count) tasks: \(named[best].name)",
        unit: "", ours: summary(parts[best]), target: .atMost(0.25, .ours)))
    // A task where plain rounding hardly loses anything counts here by what it loses: shown, and no target.
    measures.append(
      Measure(
        "the same, the mean gap as a part of the mean gap", unit: "", ours: summary(mean(gaps(all[best])) / mean(base)))
    )
    if let place = tasks.firstIndex(where: { $0.name == "digits" }) {
      measures.append(
        Measure(
          "digits: accuracy below f32, \(named[best].name)", unit: "points",
          ours: summary(100 * (mean(exact.accuracies[place]) - mean(all[best].accuracies[place]))),
          peer: Summary(exact.accuracies[place].map { 100 * $0 }), peerName: "f32, accuracy in %",
          target: .atMost(1, .ours)))
    }
    func versus(_ a: Named, _ b: Named, _ task: String?) -> Measure? {
      guard let first = named.firstIndex(where: { $0.name == a.name }),
        let second = named.firstIndex(where: { $0.name == b.name })
      else { return nil }
      let places = tasks.indices.filter { task == nil || tasks[$0].name == task }
      if places.isEmpty { return nil }
      let (ours, theirs) = (
        places.flatMap { all[first].losses[$0] }, places.flatMap { all[second].losses[$0] }
      )
      return Measure(
        "loss of \(a.name) on \(task ?? "all tasks")", unit: "", ours: summary(mean(ours)), peer: summary(mean(theirs)),
        peerName: b.name, ratio: RatioEstimate(ours: [mean(ours)], theirs: [mean(theirs)]), target: .atLeast(1))
    }
    measures += [
      versus(Self.stochastic, Self.plain, "King James"), versus(Self.ue5m3Stochastic, Self.ue5m3Plain, "King James"),
      versus(Self.ue5m3Plain, Self.e4m3Plain, nil),
    ].compactMap { $0 }
    var random = Random(seed: 1)
    let weights = FP4Quantizer(.nvfp4).packed(context.normal([512, 512], random: &random), context)
    measures.append(
      Measure(
        "a matrix of 512 × 512 in NVFP4, times smaller than in f32", unit: "times",
        ours: summary(Double(512 * 512 * 4) / Double(weights.byteCount)), target: .atLeast(7, .ours)))
    for (index, recipe) in named.enumerated() {
      let isFront = !parts.indices.contains { costs[$0] < costs[index] && parts[$0] <= parts[index] }
      let each = zip(tasks, gaps(all[index])).map { "\($0.name) \(scientific($1, digits: 4))" }.joined(separator: ", ")
      measures.append(
        Measure(
          "\(isFront ? "front" : "behind the front"): \(recipe.name), overhead \(scientific(costs[index], digits: 4)), gaps \(each)",
          unit: "of plain's gap", ours: summary(parts[index])))
    }
    return measures + (try Self.planned())
  }

  /// Speeds over 16 and 8 bits on a device of H100's rates with four bits at two and four times its 16-bit rate.
  private static func planned() throws -> [Measure] {
    let device = try DeviceCatalogue.published.device("H100")
    return try [2.0, 4].flatMap { gain in
      let model = FP4TrainingPrediction(on: device, gain: gain)
      return try [1024.0, 4096].map { width in
        let recipe = FP4TrainingPrediction.recipes[3]
        let seconds = try model.seconds(recipe, rows: 16384, width: width)
        let half = try model.halfSeconds(rows: 16384, width: width)
        let eight = try model.eightBitSeconds(rows: 16384, width: width)
        return Measure(
          "planned, not measured: speed over 16 bits, \(recipe.name), width \(Int(width)), four bits at \(Int(gain)) times "
            + "(over 8 bits: \(scientific(eight / seconds, digits: 4)))", unit: "times",
          ours: Summary([half / seconds]),
          target: .atLeast(1, .ours))
      }
    }
  }
}
