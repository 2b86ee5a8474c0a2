import Formats
import Tensors
import Training

/// A model that is trained, step after step.
protocol TrainingRun: OperatorContestant {
  /// The weights.
  var parameters: [Parameter] { get }

  /// One step; the loss before it.
  ///
  /// - Throws: what the model throws.
  func step() throws -> Double
}

/// Our own side of a benchmark of training.
final class ModelRun<Model: TrainableModel>: TrainingRun {
  private let model: Model
  private let batches: [Model.Batch]
  private let context: Context
  private let optimizer: GroupOptimizer
  private var buffers: [Tensor]
  private var steps = 0

  init(_ model: Model, batches: [Model.Batch], _ context: Context) throws {
    self.model = model
    self.batches = batches
    self.context = context
    optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    buffers = model.buffers.map(\.value)
  }

  var parameters: [Parameter] { model.parameters }

  func step() throws -> Double {
    let batch = batches[steps % batches.count]
    let buffers = buffers
    let (loss, gradients, updates) = try context.valueAndGradient(of: parameters.map(\.value)) { weights in
      let pass = Pass(.training, weights: weights, buffers: buffers, batch: steps, context: context)
      let loss = try model.loss(of: batch, pass)
      return (loss, pass.updates)
    }
    for (index, value) in updates { self.buffers[index] = value }
    let named = Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), gradients))
    try optimizer.step(named, rate: TrainingCase.rate)
    steps += 1
    return withExtendedLifetime(loss) { Double(loss.pointer(as: Float.self)[0]) }
  }

  func turn(repeats: Int) throws -> Double {
    try TimingProtocol.time { for _ in 0..<repeats { _ = try step() } } / Double(repeats)
  }
}
