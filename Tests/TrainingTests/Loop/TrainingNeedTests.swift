import NumericTypes
import Tensors
import Testing
import Training

/// What is said to be needed against what is taken.
@Suite("Memory that a run needs") struct TrainingNeedTests {
  /// Goes through a run and takes its first steps; checks one against the other.
  private func check<Model: TrainableModel>(
    _ name: String, averages: Bool = false, accumulate: Int = 1, rule: any UpdateRule = AdamW(),
    _ make: (Context) throws -> Model, batch: (Context) throws -> Model.Batch
  ) throws {
    func upkeep(_ model: Model, _ context: Context) throws -> TrainingNeed.Upkeep {
      let optimizer = try GroupOptimizer(model.parameters, rule: rule, context: context)
      let average =
        try averages ? WeightAverage(of: model.parameters, .exponential(decay: 0.9), context: context) : nil
      return TrainingNeed.Upkeep(optimizer: optimizer, average: average)
    }
    var pace = TrainingNeed.Pace()
    (pace.accumulate, pace.clips) = (accumulate, true)
    let need = try TrainingNeed(threads: 2, pace: pace, batch: batch, model: make, upkeep: upkeep)
    let context = Context(threads: 2)
    let model = try make(context)
    let real = try upkeep(model, context)
    let batches = try (0..<accumulate).map { _ in try batch(context) }
    var step = try TrainingStep(model, real.optimizer, context: context)
    step.clip = 1
    for _ in 0..<3 {
      _ = try step(batches, rate: 1e-3)
      real.average?.update()
    }
    let taken = context.allocator.peakLiveBytes
    #expect(
      taken > 0 && need.total >= taken && Double(need.total) <= 1.15 * Double(taken), "\(name): \(need) for \(taken)")
  }

  @Test("An MLP's need is what it takes") func mlp() throws {
    for (averages, accumulate) in [(false, 1), (true, 3)] {
      try check("mlp", averages: averages, accumulate: accumulate) {
        try MLPClassifier(MLPConfiguration(inputs: 784, hidden: [256, 128]), seed: 1, context: $0)
      } batch: { context in
        let image = context.zeros([1, 28, 28])
        return try ImageBatch((0..<64).map { LabeledImage(image: image, label: $0 % 10) }, allocator: context.allocator)
      }
    }
  }

  @Test("A ResNet's need is what it takes") func resnet() throws {
    try check("resnet18") {
      try ResNet18(ResNetConfiguration(width: 8), seed: 1, context: $0)
    } batch: { context in
      let image = context.full([1, 28, 28], 0.5)
      return try ImageBatch((0..<16).map { LabeledImage(image: image, label: $0 % 10) }, allocator: context.allocator)
    }
  }

  @Test("A language model's need is what it takes", arguments: ["gpt", "llama", "lstm"]) func language(_ kind: String)
    throws
  {
    func batch(_: Context) throws -> TokenBatch {
      try TokenBatch(
        (0..<8).map { _ in
          TokenSequence(
            inputs: .init(repeating: 1, count: 64), targets: .init(repeating: 2, count: 64), sequenceStarts: [0])
        })
    }
    switch kind {
    case "lstm":
      try check(kind) {
        try LSTMLanguageModel(
          LSTMConfiguration(vocabulary: 65, length: 64, width: 64, hidden: 96), seed: 1, context: $0)
      } batch: {
        try batch($0)
      }
    case "llama":
      try check(kind, rule: Adafactor()) {
        try GPT(
          GPTConfiguration.llama(
            vocabulary: 65, length: 64, layers: 2, width: 64, heads: 4, kvHeads: 2, hidden: 128, dropout: 0),
          seed: 1, storage: .bf16, context: $0)
      } batch: {
        try batch($0)
      }
    default:
      try check(kind, rule: Muon()) {
        try GPT(
          GPTConfiguration(vocabulary: 65, length: 64, layers: 2, width: 64, heads: 4), seed: 1, context: $0)
      } batch: {
        try batch($0)
      }
    }
  }

  @Test("A model with adapters needs what it takes", arguments: AdapterSample.methods) func adapters(
    _ method: AdapterConfiguration
  ) throws {
    // The mask is found by looking at data.
    if case .fisher = method.method { return }
    try check("\(method.method)") {
      try AdaptedGPT(AdapterSample.base($0), [method], seed: 9, context: $0)
    } batch: { _ in
      try AdapterSample.batch()
    }
  }

  @Test("A batch that is gone through is one of the same size") func rehearsed() throws {
    let context = Context(threads: 1)
    let images = try ImageBatch(rehearsing: 3, of: [1, 2, 5], context)
    #expect(images.images.shape == [3, 1, 2, 5] && images.labels == [0, 0, 0])
    let tokens = TokenBatch(rehearsing: 3, length: 5)
    let row = TokenSequence(inputs: [0, 0, 0, 0, 0], targets: [0, 0, 0, 0, 0], sequenceStarts: [0])
    #expect(try tokens == TokenBatch([row, row, row]))
  }

  @Test("A run of thousands of millions of parameters is refused without being made") func refused() throws {
    let need = try TrainingNeed(threads: 1) {
      try ImageBatch(rehearsing: 128, of: [1, 28, 28], $0)
    } model: {
      try MLPClassifier(MLPConfiguration(inputs: 784, hidden: [65_536, 64_000]), seed: 1, context: $0)
    } upkeep: { model, context in
      TrainingNeed.Upkeep(optimizer: try GroupOptimizer(model.parameters, rule: AdamW(), context: context))
    }
    #expect(need.weights > 16_900_000_000 && need.total >= 4 * need.weights && need.state >= 2 * need.weights)
    #expect(throws: TrainingError.doesNotFit(neededBytes: need.total, availableBytes: 1 << 34)) {
      try need.check(limit: 1 << 34)
    }
    #expect(throws: TrainingError.doesNotFit(neededBytes: .max, availableBytes: 1 << 34)) {
      try TrainingNeed.check(atLeast: 1e30, limit: 1 << 34)
    }
    try need.check(limit: need.total)
  }
}
