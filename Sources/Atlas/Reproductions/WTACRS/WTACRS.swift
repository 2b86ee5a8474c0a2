import Formats
import Planner
import Profiling
import Tensors
import Training

/// Winner-Take-All Column Row Sampling for Memory Efficient Adaptation of Language Model, 2023, arXiv 2305.15265.
///
/// A transformer of six layers learns the King James text byte by byte, exactly, with sampled rows, and with the heaviest rows
/// alone: memory by the allocator's own counts, time, losses, and the error of each layer's gradient.
public struct WTACRS: Reproduction {
  /// The sheet's number.
  public static let number = 84

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "fine-tuning SmolLM2-135M, alone and with low-rank adapters: the text is learned from scratch by a small model",
    "an encoder on a classification task", "sampling of attention's own two products",
    "masks in bits and 16-bit storage of what other operators keep, which the claimed totals need",
  ]

  /// The experiment.
  public init() {}

  /// The paper's two figures.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try WTACRSPrediction.predictions() }

  static let ratio = 0.3

  /// The rows of a batch and their length.
  static func batch(_ conditions: RunConditions) -> (rows: Int, length: Int) {
    conditions.quick ? (4, 128) : (4, 512)
  }

  static func model(_ conditions: RunConditions, _ context: Context) throws -> GPT {
    let (_, length) = batch(conditions)
    return try GPT(
      GPTConfiguration(
        vocabulary: 256, length: length, layers: conditions.quick ? 2 : 6, width: conditions.quick ? 64 : 192,
        heads: conditions.quick ? 2 : 6), seed: 1, context: context)
  }

  static func sampled(
    _ base: GPT, _ options: WTACRSOptions, samples: Int, _ context: Context
  ) throws -> SampledModel<GPT> {
    try SampledModel(
      base, options, samples: samples, rowsPerSample: base.configuration.length, context: context)
  }

  /// The gradients of a model's loss, by place.
  static func gradients<Model: TrainableModel>(
    _ model: Model, _ batch: Model.Batch, number: Int, _ context: Context
  ) throws -> [Tensor] {
    try context.gradient(of: model.parameters.map(\.value)) { weights in
      try model.loss(of: batch, Pass(.training, weights: weights, buffers: [], batch: number, context: context))
    }
  }

  /// Bytes at the peak of a forward and a backward pass beyond what was there before, gradients included.
  static func peak<Model: TrainableModel>(
    _ model: Model, _ batch: Model.Batch, _ context: Context
  ) throws -> Double {
    let before = context.allocator.liveBytes
    context.allocator.resetPeak()
    _ = try gradients(model, batch, number: 0, context)
    return Double(context.allocator.peakLiveBytes - before)
  }
}
