import Tensors

/// A change of a workload, to see whether a submission holds beyond what it was made on.
public enum WorkloadVariant: String, Sendable, Hashable, CaseIterable {
  /// Another function between layers.
  case activation
  /// Half the width.
  case width
  /// Norms where there are none, or others.
  case norm
  /// First weights of half the size.
  case initial = "init"
}

/// A workload: data, model, loss and metric, and when it counts as done.
public struct AlgoPerfWorkload: Sendable {
  /// Its name in logs.
  public let name: String
  /// What is measured on held-out examples.
  public let metric: String
  /// Whether more of it is better.
  public let rises: Bool
  /// About how many steps a good run takes.
  public let stepHint: Int
  /// The changes that it knows.
  public let variants: [WorkloadVariant]
  private let make: @Sendable (WorkloadVariant?, UInt64, Context) throws -> any AlgoPerfTask

  /// A workload.
  ///
  /// - Parameters:
  ///   - name: in logs.
  ///   - metric: what is measured.
  ///   - rises: whether more is better.
  ///   - stepHint: about how many steps a good run takes.
  ///   - variants: the changes that `make` knows.
  ///   - make: the model with first weights of a seed, and its data.
  public init(
    _ name: String, metric: String, rises: Bool, stepHint: Int, variants: [WorkloadVariant] = [],
    make:
      @escaping @Sendable (_ variant: WorkloadVariant?, _ seed: UInt64, _ context: Context) throws -> any AlgoPerfTask
  ) {
    self.name = name
    self.metric = metric
    self.rises = rises
    self.stepHint = stepHint
    self.variants = variants
    self.make = make
  }

  /// The model with first weights, and its data.
  ///
  /// - Throws: ``DataError`` where its data are not there.
  public func task(_ variant: WorkloadVariant? = nil, seed: UInt64, context: Context) throws -> any AlgoPerfTask {
    try make(variant, seed, context)
  }

  /// Whether one value is as good as another or better.
  public func meets(_ value: Double, _ target: Double) -> Bool { rises ? value >= target : value <= target }
}

/// When a workload is done: the rule's targets for it.
public struct WorkloadTarget: Sendable, Hashable {
  /// The validation metric to be met.
  public var validation: Double
  /// The test metric of the runs that set it.
  public var test: Double
  /// Seconds after which a trial has failed.
  public var seconds: Double

  /// A target from its parts.
  public init(validation: Double, test: Double, seconds: Double) {
    self.validation = validation
    self.test = test
    self.seconds = seconds
  }
}

/// A model and its data in a trial.
public protocol AlgoPerfTask: AnyObject {
  /// What is trained.
  var parameters: [Parameter] { get }
  /// The training examples.
  var trainingCount: Int { get }

  /// The loss of training examples and its gradients.
  func gradients(of batch: [Int], seed: UInt64, call: Int) throws -> (loss: Double, gradients: [String: Tensor])

  /// The metric on held-out examples.
  func evaluate(isTest: Bool) throws -> Double
}

/// Any model over examples in memory as a task.
public final class ModelTask<Model: TrainableModel, Element: Sendable>: AlgoPerfTask {
  private let model: Model
  private let parts: (training: [Element], validation: [Element], test: [Element])
  private let metric: String
  private let context: Context
  private let collate: ([Element]) throws -> Model.Batch

  /// A model with its examples.
  ///
  /// - Parameters:
  ///   - model: what is trained.
  ///   - parts: examples to train on, and held-out ones.
  ///   - metric: which of the model's measures counts.
  ///   - context: where to compute.
  ///   - collate: makes a batch.
  public init(
    _ model: Model, _ parts: (training: [Element], validation: [Element], test: [Element]), metric: String,
    context: Context, collate: @escaping ([Element]) throws -> Model.Batch
  ) {
    self.model = model
    self.parts = parts
    self.metric = metric
    self.context = context
    self.collate = collate
  }

  /// What is trained.
  public var parameters: [Parameter] { model.parameters }
  /// The training examples.
  public var trainingCount: Int { parts.training.count }

  /// The loss of training examples and its gradients; running statistics are moved on.
  ///
  /// - Throws: what the model throws.
  public func gradients(
    of batch: [Int], seed: UInt64, call: Int
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    let pass = Pass(
      .training, weights: parameters.map(\.value), buffers: model.buffers.map(\.value), seed: seed, batch: call,
      context: context)
    let (loss, found) = try model.differentiated(
      collate(batch.map { parts.training[$0] }), tracking: Array(parameters.indices), pass)
    for (place, value) in pass.updates { context.copy(value, over: model.buffers[place].value) }
    let named = zip(parameters, found).map { ($0.name, $1) }
    return (context.scalar(loss), Dictionary(named, uniquingKeysWith: { first, _ in first }))
  }

  /// The metric on held-out examples, 256 at a time.
  ///
  /// - Throws: what the model throws.
  public func evaluate(isTest: Bool) throws -> Double {
    let elements = isTest ? parts.test : parts.validation
    let pass = Pass(
      .evaluation, weights: parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
    var sum = MetricSum(sum: 0, count: 0)
    for start in stride(from: 0, to: elements.count, by: 256) {
      let batch = try collate(Array(elements[start..<min(start + 256, elements.count)]))
      if let found = try model.measure(batch, pass)[metric] { sum.add(found) }
    }
    return sum.mean
  }
}
