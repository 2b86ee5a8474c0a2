import NumericTypes
import Tensors
import Text
import Training

/// A small model with a method on it, in training on one batch.
struct AdapterSample {
  /// Every method, in small.
  static let methods: [AdapterConfiguration] = [
    AdapterConfiguration(.lora(rank: 3, alpha: 6)),
    AdapterConfiguration(.lora(rank: 4, alpha: 4, isStabilized: true, rateFactor: 16, dropout: 0.1)),
    AdapterConfiguration(.dora(rank: 3, alpha: 6, isExact: true)),
    AdapterConfiguration(.dora(rank: 2, alpha: 4), targets: [.query, .down]),
    AdapterConfiguration(.vera(rank: 24)),
    AdapterConfiguration(.adaLoRA(AdaLoRABudget(rank: 4, finalRank: 2, steps: 30), alpha: 8)),
    AdapterConfiguration(.ia3), AdapterConfiguration(.ssf), AdapterConfiguration(.bitFit),
    AdapterConfiguration(.fisher(share: 0.1)),
    AdapterConfiguration(.serial(width: 5)),
    AdapterConfiguration(.parallel(width: 6, activation: .silu), sublayers: [.attention, .feedForward]),
    AdapterConfiguration(.prefix(count: 3)), AdapterConfiguration(.prefix(count: 2, inner: 7)),
    AdapterConfiguration(.ladder(width: 4)), AdapterConfiguration(.prompt(count: 4)),
  ]

  let base: GPT
  let model: AdaptedGPT
  let context: Context

  init(
    _ adapters: [AdapterConfiguration], packs: Bool = false, loftQ: Int = 0, isLlama: Bool = true, threads: Int = 2
  ) throws {
    context = Context(threads: threads)
    base = try Self.base(isLlama: isLlama, context)
    model = try AdaptedGPT(
      Self.base(isLlama: isLlama, context), adapters, packsBase: packs, loftQ: loftQ, examples: [Self.batch()],
      seed: 9, context: context)
  }

  /// A model whose rows may be longer than the sample's.
  static func base(isLlama: Bool = true, _ context: Context) throws -> GPT {
    let (vocabulary, length) = (SampleModels.vocabulary, SampleModels.length + 4)
    let configuration =
      isLlama
      ? GPTConfiguration.llama(vocabulary: vocabulary, length: length, layers: 2, width: 16, heads: 4, kvHeads: 2)
      : GPTConfiguration(vocabulary: vocabulary, length: length, layers: 2, width: 16, heads: 4)
    let model = try GPT(configuration, seed: 3, context: context)
    // Larger than a fresh model's, so that every part of it counts.
    for parameter in model.parameters where parameter.value.shape.rank > 1 {
      context.scale(parameter.value, by: 10)
    }
    return model
  }

  static func batch(rows: Int = 3) throws -> TokenBatch { try SampleModels.tokens(rows: rows, packed: false) }

  func pass(_ purpose: Pass.Purpose = .evaluation) -> Pass {
    Pass(
      purpose, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
  }

  /// The logits of the model with its adapters.
  func logits(_ batch: TokenBatch) throws -> [Float] { try model.logits(batch, pass()).floats }

  /// The logits of a plain model.
  func logits(_ batch: TokenBatch, of model: GPT) throws -> [Float] {
    try model.logits(batch, ModelTrial(model: model, batch: batch, context: context).evaluation()).floats
  }

  /// Changes every trained number, by numbers that depend on its name's place alone.
  func disturb(by amount: Float = 0.3) {
    for (index, parameter) in model.parameters.enumerated() {
      let change = OptimizerSample.unit(100_000 * (index + 1), parameter.value.count)
      let values = parameter.value.pointer(as: Float.self)
      for place in 0..<parameter.value.count { values[place] += amount * change[place] }
    }
  }

  /// The steps of a run with AdamW: the losses, and all trained numbers afterwards.
  func train(steps: Int, rate: Double = 0.02, batch: TokenBatch) throws -> (losses: [Double], weights: [[Float]]) {
    let optimizer = try GroupOptimizer(model.parameterGroups(rule: AdamW(weightDecay: 0)), context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    let losses = try (0..<steps).map { _ in try step([batch], rate: rate).loss }
    return (losses, model.parameters.map(\.value.floats) + model.buffers.map(\.value.floats))
  }
}
