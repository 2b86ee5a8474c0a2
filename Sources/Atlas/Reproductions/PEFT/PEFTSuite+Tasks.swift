import Formats
import NumericTypes
import Profiling
import Tensors
import Training
import Venturi

extension PEFTSuite {
  /// Which testament a verse is of: the share of right answers to held-out questions before and after LoRA, and how long it takes.
  static func questions(_ base: GPT, _ conditions: RunConditions, _ context: Context) throws -> [Measure] {
    let steps = conditions.quick ? 3 : 60
    let text: DomainText
    switch try DomainText.questions(
      conditions, rows: conditions.quick ? 2 : 8, length: min(96, base.configuration.length))
    {
    case .found(let found): text = found
    case .absent(let reason):
      return [Measure("right answers to held-out questions", unit: "of 1", ours: nil, absent: reason)]
    }
    try conditions.next("questions")
    let before = try text.accuracy(base, context, conditions)
    let model = try AdaptedGPT(base, lora, seed: 1, context: context)
    let found = try text.train(model, rate: 5e-4, steps: steps, context, conditions, "LoRA on questions")
    let after = try text.accuracy(model, context, conditions)
    let name = "the testament of a verse, \(steps) steps of \(text.rows) questions"
    return [
      Measure(
        "\(name): right answers, LoRA, r = 8", unit: "of 1", ours: Summary([after]), peer: Summary([before]),
        peerName: "the frozen model"),
      Measure("\(name): LoRA, r = 8", unit: "s", ours: Summary([found.seconds]), target: .atMost(600, .ours)),
    ]
  }

  /// Eight adapters in one batch beside one after another: a prompt and single steps of each.
  static func serving(_ base: GPT, _ context: Context, _ conditions: RunConditions) throws -> Measure {
    let (count, prompt, steps) = (8, 16, conditions.quick ? 3 : 32)
    let name = "\(count) sequences with an adapter each, \(prompt) tokens and \(steps) more, in one batch"
    guard let path = conditions.modelPath else {
      return Measure(name, unit: "s", ours: nil, absent: "`venturi pull smollm2` fetches the model")
    }
    try conditions.next("adapters in one batch")
    let model = try ModelLoader.load(path: path, options: LoadOptions(), context: context).model
    guard let model = model as? any AdaptableModel else {
      return Measure(name, unit: "s", ours: nil, absent: "the model takes no adapters")
    }
    var random = Random(seed: 11)
    let adapters = try (0..<count).map { index in
      // Ranks 4 to 16.
      let rank = [4, 8, 16][index % 3]
      let made = try AdaptedGPT(
        base, [AdapterConfiguration(.lora(rank: rank, alpha: 16))], seed: UInt64(index), context: context)
      for parameter in made.parameters where parameter.name.hasSuffix("lora_B") {
        let values = parameter.value.pointer(as: Float.self)
        for place in 0..<parameter.value.count { values[place] = Float(0.02 * (2 * random.uniform() - 1)) }
      }
      guard let adapter = try made.lowRankAdapter(baseName: nil, baseHash: nil) else { throw CancellationError() }
      return try model.load(adapter, scale: 1)
    }
    /// A turn of some sequences together.
    func run(_ some: Range<Int>) throws {
      let states = try some.map { _ in try model.makeState(capacity: prompt + steps) }
      for step in 0...steps {
        let runs = some.map { index in
          Venturi.TokenBatch.Run(
            state: states[index - some.lowerBound],
            tokens: step == 0 ? (0..<prompt).map { Int32(100 + 7 * $0 + index) } : [Int32(200 + step + index)],
            logits: .last, adapter: adapters[index])
        }
        _ = try model.evaluate(Venturi.TokenBatch(runs)) { false }
      }
    }
    var timing = conditions.timing
    timing.pairs = min(5, timing.pairs)
    let outcomes = try timing.run([
      TimingProtocol.Contestant(
        "one batch", turn: conditions.turn { try TimingProtocol.time { try run(0..<count) } }),
      TimingProtocol.Contestant(
        "one after another",
        turn: conditions.turn {
          try TimingProtocol.time { for index in 0..<count { try run(index..<index + 1) } }
        }),
    ])
    return Measure(
      name, unit: "s", ours: Summary(outcomes[0].seconds), peer: Summary(outcomes[1].seconds),
      peerName: "one after another",
      ratio: RatioEstimate(ours: outcomes[0].seconds, theirs: outcomes[1].seconds), target: .atLeast(3))
  }
}
