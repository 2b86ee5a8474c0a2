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
  private let batch: (Int) throws -> Model.Batch
  private let context: Context
  private let optimizer: GroupOptimizer
  private var buffers: [Tensor]
  private(set) var steps = 0

  /// A run over batches in turns.
  convenience init(_ model: Model, batches: [Model.Batch], _ context: Context) throws {
    try self.init(model, context) { batches[$0 % batches.count] }
  }

  /// A run whose batch of each step, from 0 on, `batch` gives.
  init(_ model: Model, _ context: Context, batch: @escaping (Int) throws -> Model.Batch) throws {
    self.model = model
    self.batch = batch
    self.context = context
    optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    buffers = model.buffers.map(\.value)
  }

  var parameters: [Parameter] { model.parameters }

  func step() throws -> Double { try step(rate: TrainingCase.rate) }

  func step(rate: Double) throws -> Double {
    let batch = try batch(steps)
    let buffers = buffers
    let (loss, gradients, updates) = try context.valueAndGradient(of: parameters.map(\.value)) { weights in
      let pass = Pass(.training, weights: weights, buffers: buffers, batch: steps, context: context)
      let loss = try model.loss(of: batch, pass)
      return (loss, pass.updates)
    }
    for (index, value) in updates { self.buffers[index] = value }
    let named = Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), gradients))
    try optimizer.step(named, rate: rate)
    steps += 1
    return withExtendedLifetime(loss) { Double(loss.pointer(as: Float.self)[0]) }
  }

  func turn(repeats: Int) throws -> Double {
    try TimingProtocol.time { for _ in 0..<repeats { _ = try step() } } / Double(repeats)
  }
}

extension [Parameter] {
  /// Writes the values as a safetensors file.
  package func write(to path: String) throws {
    var writer = SafetensorsWriter()
    for parameter in self {
      let value = parameter.value
      let bytes = withExtendedLifetime(value) {
        ByteView(
          copying: [UInt8](UnsafeRawBufferPointer(start: value.pointer, count: value.count * value.dtype.blockBytes)))
      }
      try writer.add(tensor: parameter.name, dtype: value.dtype, shape: value.shape, bytes: bytes)
    }
    var file: [UInt8] = []
    try writer.write { file += $0 }
    try writeFileAtomically(path, file)
  }
}
