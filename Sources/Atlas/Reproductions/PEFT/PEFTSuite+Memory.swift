import NumericTypes
import Planner
import Profiling
import Tensors
import Training

extension PEFTSuite {
  /// What a step of training holds, as the engine counts it.
  private struct Held {
    var weights: Int
    var gradients: Int
    var optimizer: Int
    /// When the way back begins.
    var activations: Int
  }

  /// The bytes that the way forward leaves for the way back.
  private static func activations<Model: TrainableModel>(
    _ model: Model, _ batch: Model.Batch, _ context: Context
  ) throws -> Int {
    let start = context.allocator.liveBytes
    var held = 0
    _ = try context.gradient(of: model.parameters.map(\.value)) { weights in
      let pass = Pass(.training, weights: weights, buffers: model.buffers.map(\.value), context: context)
      let loss = try model.loss(of: batch, pass)
      held = context.allocator.liveBytes - start
      return loss
    }
    return held
  }

  private static func held<Model: TrainableModel>(
    _ model: Model, frozen: Int, _ batch: Model.Batch, _ context: Context
  ) throws -> Held {
    let optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    let state = optimizer.state.filter { $0.key != "step" }.values.reduce(0) { $0 + 4 * $1.count }
    let gradients = try model.differentiated(
      batch, tracking: Array(model.parameters.indices),
      Pass(.training, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
    ).gradients
    return Held(
      weights: frozen + model.parameters.reduce(0) { $0 + 4 * $1.value.count },
      gradients: gradients.reduce(0) { $0 + 4 * $1.count }, optimizer: state,
      activations: try activations(model, batch, context))
  }

  /// The Planner's memory beside what the engine holds, on a model whose blocks are a hundredth of 7 billion's.
  ///
  /// - Throws: `CancellationError`.
  static func memoryChecks(_ context: Context) throws -> [Check] {
    let (vocabulary, length, rows) = (1024, 128, 4)
    let configuration = GPTConfiguration.llama(
      vocabulary: vocabulary, length: length, layers: 4, width: 256, heads: 8, kvHeads: 4, hidden: 512)
    let sequence = TokenSequence(
      inputs: (0..<length).map { Int32($0 * 7 % vocabulary) }, targets: (0..<length).map { Int32($0 * 5 % vocabulary) },
      sequenceStarts: [0])
    func check(
      _ name: String, _ method: FineTuningMemory.Method, _ base: FineTuningMemory.Base,
      _ adapters: [AdapterConfiguration]
    ) throws -> Check {
      try Check("the Planner's memory is the engine's within 5 %: \(name)") {
        let batch = try TokenBatch([TokenSequence](repeating: sequence, count: rows))
        let plain = try GPT(configuration, seed: 1, context: context)
        let found: Held
        if adapters.isEmpty {
          found = try held(plain, frozen: 0, batch, context)
        } else {
          let model = try AdaptedGPT(plain, adapters, packsBase: base == .nf4, seed: 1, context: context)
          found = try held(model, frozen: model.frozenBytes, batch, context)
        }
        let shape = try TransformerShape(
          name: name, layers: configuration.layers, width: configuration.width, heads: configuration.heads,
          kvHeads: configuration.kvHeads, headDim: configuration.width / configuration.heads,
          feedForward: configuration.hidden, gated: true, vocabulary: vocabulary, tied: true, biased: false,
          positions: .rotary)
        let plan = try FineTuningMemory(shape, method, base: base, sequences: rows, tokens: length)
        let pairs = [
          ("weights", plan.weights, found.weights), ("gradients", plan.gradients, found.gradients),
          ("optimizer", plan.optimizer, found.optimizer), ("activations", plan.activations, found.activations),
        ]
        let errors = pairs.map { ($0.0, $0.1 / Double(max(1, $0.2)) - 1) }
        return (
          errors.allSatisfy { abs($0.1) <= 0.05 },
          errors.map { "\($0.0) \(scientific($0.1))" }.joined(separator: ", ")
        )
      }
    }
    return [
      try check("all weights", .full, .whole(bytes: 4), []),
      try check("LoRA", .lowRank(rank: 8), .whole(bytes: 4), lora),
      try check(
        "LoRA of q and v", .lowRank(rank: 8, of: [.query, .value]), .whole(bytes: 4),
        [AdapterConfiguration(.lora(rank: 8, alpha: 16), targets: [.query, .value])]),
      try check("QLoRA", .lowRank(rank: 8), .nf4, lora),
      try check(
        "a ladder", .ladder(width: 32, every: 2), .whole(bytes: 4),
        [AdapterConfiguration(.ladder(width: 32, every: 2))]),
    ]
  }

  /// What a side network's way back needs, beside LoRA's.
  static func sideMemory(
    _ base: GPT, _ text: DomainText, _ context: Context, _ conditions: RunConditions
  ) throws -> Measure {
    try conditions.next("activations of a side network")
    let batch = text.training[0]
    let side = try AdaptedGPT(base, [AdapterConfiguration(.ladder(width: 72))], seed: 1, context: context)
    let ours = Double(try activations(side, batch, context))
    let theirs = Double(
      try activations(try AdaptedGPT(base, lora, seed: 1, context: context), batch, context))
    let ratio = theirs / ours
    return Measure(
      "activations of a step of \(text.rows) × \(text.length) tokens, ladder side-tuning of width 72", unit: "MB",
      ours: Summary([ours / 1e6]), peer: Summary([theirs / 1e6]), peerName: "LoRA on all linear layers",
      ratio: RatioEstimate(median: ratio, low: ratio, high: ratio), target: .atLeast(2))
  }
}
