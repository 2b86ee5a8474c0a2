import NumericTypes
import Tensors

/// A step of training: the gradients of some batches, clipped, and the optimizer's step with them.
///
/// ```swift
/// var step = TrainingStep(model, optimizer, context: context)
/// step.clip = 1
/// while let batch = try loader.next() {
///   let result = try step([batch], rate: schedule.rate(at: optimizer.stepCount))
///   print(result.loss, result.gradientNorm)
/// }
/// ```
/// Only what the optimizer changes is tracked; frozen parameters are constants. The gradients of several batches are a mean
/// with the batches' numbers of targets as weights: what one batch as large as all of them would give. Buffers go from batch
/// to batch and have their new values when the step is taken.
public struct TrainingStep<Model: TrainableModel> {
  /// What came of a step.
  public struct Result: Sendable, Hashable {
    /// The mean loss over the targets of all batches, at the weights before the step.
    public let loss: Double
    /// The norm of all gradients together before they were clipped.
    public let gradientNorm: Double
    /// The number of targets.
    public let targets: Int
  }

  /// The model.
  public let model: Model
  /// What changes its weights.
  public let optimizer: any Optimizer
  /// The largest norm of all gradients together; nothing for any.
  public var clip: Double?
  /// The seed of what is random in layers.
  public var seed: UInt64 = 0
  /// What layers compute in another way than usual.
  public var execution = ExecutionChoice()
  /// The batches learned from so far: each has random numbers of its own.
  public var batches = 0
  private let context: Context
  /// The places of the optimizer's parameters among the model's.
  private let tracked: [Int]

  /// A step of `optimizer` over `model`.
  ///
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)`` for a parameter of the optimizer that the model does not
  ///   have.
  public init(_ model: Model, _ optimizer: any Optimizer, context: Context) throws(TrainingError) {
    self.model = model
    self.optimizer = optimizer
    self.context = context
    let places = Dictionary(
      model.parameters.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    tracked = try optimizer.parameters.map { (parameter) throws(TrainingError) in
      guard let place = places[parameter.name] else {
        throw .invalidOption(field: "optimizer", value: parameter.name, expected: "a parameter of the model")
      }
      return place
    }
  }

  /// Takes a step at `rate`.
  ///
  /// - Throws: ``TrainingError/notFinite(step:what:value:)`` and ``TrainingError/noTargets(step:)``, with weights and buffers
  ///   as they were; what the model throws.
  public mutating func callAsFunction(_ batches: [Model.Batch], rate: Double) throws -> Result {
    let number = optimizer.stepCount + 1
    // A method that takes two gradients has the loss of the first, and buffers that saw each batch once.
    var first: (result: Result, buffers: [Tensor])?
    try optimizer.step(rate: rate) {
      let (gradients, result, buffers) = try self.gradients(of: batches, number)
      if first == nil {
        first = (result, buffers)
        (model as? any SteppedModel)?.willStep(gradients)
      }
      return gradients
    }
    self.batches += batches.count
    (model as? any SteppedModel)?.didStep(optimizer.stepCount)
    guard let first else { throw TrainingError.noBatches }
    for (buffer, value) in zip(model.buffers, first.buffers) where value.storage !== buffer.value.storage {
      context.copy(context.contiguous(context.cast(value, to: buffer.value.dtype)), over: buffer.value)
    }
    return first.result
  }

  private func gradients(
    of batches: [Model.Batch], _ number: Int
  ) throws -> (gradients: [String: Tensor], result: Result, buffers: [Tensor]) {
    var buffers = model.buffers.map(\.value)
    let accumulator = batches.count > 1 ? GradientAccumulator(context: context) : nil
    var gradients: [String: Tensor] = [:]
    var (sum, targets) = (0.0, 0)
    for (index, batch) in batches.enumerated() {
      let count = model.targetCount(of: batch)
      if count == 0 { continue }
      let (loss, found, updates) = try self.gradients(of: batch, self.batches + index, buffers)
      guard loss.isFinite else { throw TrainingError.notFinite(step: number, what: "loss", value: "\(loss)") }
      for (place, value) in updates { buffers[place] = value }
      sum += loss * Double(count)
      targets += count
      if let accumulator { try accumulator.add(found, weight: Double(count)) } else { gradients = found }
    }
    if targets == 0 { throw TrainingError.noTargets(step: number) }
    if let accumulator { gradients = accumulator.takeMean() }
    let norm: Double
    do throws(OptimizerError) {
      if let clip {
        norm = try context.clipGlobalNorm(of: gradients, to: clip)
      } else {
        norm = try context.globalNorm(of: gradients)
      }
    } catch {
      guard case .nonFiniteNorm(let norm) = error else { throw error }
      throw TrainingError.notFinite(step: number, what: "norm of the gradients", value: "\(norm)")
    }
    if !norm.isFinite {
      throw TrainingError.notFinite(step: number, what: "norm of the gradients", value: "\(norm)")
    }
    return (gradients, Result(loss: sum / Double(targets), gradientNorm: norm, targets: targets), buffers)
  }

  /// The loss of a batch, the gradients by name in f32, and new values of buffers by their place.
  private func gradients(
    of batch: Model.Batch, _ number: Int, _ buffers: [Tensor]
  ) throws -> (loss: Double, gradients: [String: Tensor], updates: [Int: Tensor]) {
    let pass = Pass(
      .training, weights: model.parameters.map(\.value), buffers: buffers, seed: seed, batch: number, context: context)
    pass.execution = execution
    let (loss, gradients) = try model.differentiated(batch, tracking: tracked, pass)
    var named: [String: Tensor] = [:]
    for (place, gradient) in zip(tracked, gradients) {
      named[model.parameters[place].name] = context.contiguous(context.cast(gradient, to: .f32))
    }
    return (context.scalar(loss), named, pass.updates)
  }
}

extension Context {
  /// The one element of a floating-point tensor.
  func scalar(_ x: Tensor) -> Double {
    let value = contiguous(cast(x.detached(), to: .f64))
    return withExtendedLifetime(value) { value.pointer(as: Double.self)[0] }
  }
}
