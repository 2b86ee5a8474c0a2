import Formats
import Profiling
import Tensors
import Text
import Training
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension PEFTSuite {
  /// The sheet's figures: what LoRA gains beside training all weights for as many steps, what it keeps and how long a step takes;
  /// QLoRA beside LoRA; every other method's perplexity.
  ///
  /// - Throws: what training throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let context = Context(threads: conditions.threads)
    let steps = conditions.quick ? 3 : 60
    let text: DomainText
    switch try DomainText.pulled(conditions, rows: conditions.quick ? 1 : 4, length: conditions.quick ? 64 : 128) {
    case .found(let found): text = found
    case .absent(let reason):
      return [Measure("perplexity on held-out verses", unit: "perplexity", ours: nil, absent: reason)]
    }
    let name = "SmolLM2, \(steps) steps of \(text.rows) × \(text.length) tokens of King James"
    try conditions.next("the frozen model")
    let base = try GPT(text.checkpoint, length: text.length, context: context)
    let before = try text.perplexity(base, context, conditions)
    let lora = try AdaptedGPT(base, Self.lora, seed: 1, context: context)
    let ofLoRA = try text.train(lora, rate: 1e-3, steps: steps, context, conditions, "LoRA")
    var measures = [
      Measure("\(name): before", unit: "perplexity", ours: Summary([before])),
      Measure("\(name): LoRA, r = 8", unit: "perplexity", ours: Summary([ofLoRA.perplexity])),
    ]
    measures += try Self.packed(text, name, ofLoRA.perplexity, steps, context, conditions)
    for (title, adapters, rate) in Self.methods(steps: steps) {
      let prompt = title == "prompt tuning" ? 16 : 0
      let plain =
        prompt == 0 ? base : try GPT(text.checkpoint, length: text.length + prompt, context: context)
      let model = try AdaptedGPT(
        plain, adapters, examples: Array(text.training.prefix(8)), seed: 1, context: context)
      let found = try text.train(model, rate: rate, steps: steps, context, conditions, title)
      let count = model.trainableCount
      measures.append(
        Measure("\(name): \(title), \(count) numbers", unit: "perplexity", ours: Summary([found.perplexity])))
      measures.append(
        Measure("\(name): \(title)", unit: "s", ours: Summary([found.seconds]), target: .atMost(600, .ours)))
    }
    measures += try Self.steps(base, text, context, conditions)
    measures.append(try Self.sideMemory(base, text, context, conditions))
    measures.append(try Self.serving(base, context, conditions))
    measures += try Self.questions(base, conditions, context)
    // Last: it changes the model that all others leave as it is.
    let full = try text.train(base, rate: 1e-4, steps: steps, context, conditions, "all weights")
    measures.append(Measure("\(name): all weights", unit: "perplexity", ours: Summary([full.perplexity])))
    let gain = (before - ofLoRA.perplexity) / (before - full.perplexity)
    measures.append(
      Measure(
        "\(name): LoRA's part of the gain of all weights", unit: "of 1", ours: Summary([gain]),
        target: .atLeast(0.8, .ours)))
    let parts = Double(full.stateBytes) / Double(ofLoRA.stateBytes)
    measures.append(
      Measure(
        "memory of gradients and optimizer", unit: "MB", ours: Summary([Double(ofLoRA.stateBytes) / 1e6]),
        peer: Summary([Double(full.stateBytes) / 1e6]), peerName: "all weights",
        ratio: RatioEstimate(median: parts, low: parts, high: parts), target: .atLeast(25)))
    return measures
  }

  /// LoRA on a frozen model in 4 bits.
  private static func packed(
    _ text: DomainText, _ name: String, _ perplexity: Double, _ steps: Int, _ context: Context,
    _ conditions: RunConditions
  ) throws -> [Measure] {
    let model = try AdaptedGPT(
      GPT(text.checkpoint, length: text.length, context: context), lora, packsBase: true, seed: 1, context: context)
    let found = try text.train(model, rate: 1e-3, steps: steps, context, conditions, "QLoRA")
    let half = 2 * Double(model.frozenCount)
    let bytes = Double(model.frozenBytes)
    return [
      Measure(
        "\(name): QLoRA", unit: "perplexity", ours: Summary([found.perplexity]), peer: Summary([perplexity]),
        peerName: "LoRA on f32", target: .atMost(1.03 * perplexity, .ours)),
      Measure(
        "frozen weights, blocks in NF4 and the embedding in bf16", unit: "MB", ours: Summary([bytes / 1e6]),
        peer: Summary([half / 1e6]), peerName: "all in fp16",
        ratio: RatioEstimate(median: half / bytes, low: half / bytes, high: half / bytes), target: .atLeast(3.4)),
    ]
  }

  /// A step of LoRA beside one of all weights, in turns.
  private static func steps(
    _ base: GPT, _ text: DomainText, _ context: Context, _ conditions: RunConditions
  ) throws -> [Measure] {
    try conditions.next("steps in turns")
    let lora = try AdaptedGPT(base, lora, seed: 1, context: context)
    var ours = try TrainingStep(
      lora, GroupOptimizer(lora.parameters, rule: AdamW(weightDecay: 0), context: context), context: context)
    // At a rate of nothing the weights stay as they are.
    var theirs = try TrainingStep(
      base, GroupOptimizer(base.parameters, rule: AdamW(weightDecay: 0), context: context), context: context)
    var timing = conditions.timing
    timing.pairs = min(5, timing.pairs)
    let outcomes = try timing.run([
      TimingProtocol.Contestant(
        "LoRA",
        turn: conditions.turn { try TimingProtocol.time { _ = try ours([text.training[0]], rate: 0) } }),
      TimingProtocol.Contestant(
        "all weights",
        turn: conditions.turn { try TimingProtocol.time { _ = try theirs([text.training[0]], rate: 0) } }),
    ])
    return [
      Measure(
        "a step of \(text.rows) × \(text.length) tokens", unit: "s", ours: Summary(outcomes[0].seconds),
        peer: Summary(outcomes[1].seconds), peerName: "all weights",
        ratio: RatioEstimate(ours: outcomes[0].seconds, theirs: outcomes[1].seconds), target: .atLeast(1.2))
    ]
  }
}

extension PEFTSuite {
  /// eˣ.
  static func exponential(_ x: Double) -> Double { exp(x) }
}
