import Tensors

/// A training algorithm as the benchmark judges it: the four functions that a submission is made of, the first two of them
/// here.
public protocol AlgoPerfSubmission: Sendable {
  /// The name in logs.
  var name: String { get }
  /// What the harness draws hyper-parameters from; nothing to draw for a submission that tunes itself.
  var space: SearchSpace { get }

  /// The examples of a step.
  func batchSize(for workload: String) -> Int

  /// Makes the state of an optimizer.
  ///
  /// - Throws: anything; the trial ends then without meeting its target.
  func start(_ access: TrainingAccess, settings: [String: Double]) throws -> any AlgoPerfRun
}

/// A trial of a submission: its state, the choice of batches, and the update.
public protocol AlgoPerfRun: AnyObject {
  /// The numbers of the training examples of the next batch.
  func nextBatch(_ access: TrainingAccess, step: Int) -> [Int]

  /// Changes the parameters.
  ///
  /// - Throws: anything; the trial ends then.
  func update(_ access: TrainingAccess, batch: [Int], step: Int) throws
}

/// What ends a trial for good: the submission did what none may.
public enum AlgoPerfViolation: Error, Sendable, Equatable {
  /// It asked for examples that are held out, or are none.
  case heldOut(example: Int, training: Int)
  /// It took more memory than allowed.
  case memory(bytes: Int, limit: Int)
  /// It chose an impossible batch.
  case batch(size: Int)
}

extension AlgoPerfViolation: CustomStringConvertible {
  /// A sentence that holds the numbers.
  public var description: String {
    switch self {
    case .heldOut(let example, let training): "example \(example) is not one of the \(training) to train on"
    case .memory(let bytes, let limit): "\(bytes) bytes of memory, \(limit) are allowed"
    case .batch(let size): "a batch of \(size) examples"
    }
  }
}

/// All that a submission sees of a workload: the parameters and gradients of the loss on training examples. Held-out
/// examples, the model and the loss are out of its reach.
public final class TrainingAccess {
  /// The workload's name.
  public let workload: String
  /// The number of training examples.
  public let trainingCount: Int
  /// About how many steps a good run takes.
  public let stepHint: Int
  /// What random numbers depend on.
  public let seed: UInt64
  /// Where to compute.
  public let context: Context
  /// What may be changed.
  public var parameters: [Parameter] { task.parameters }
  /// The first thing that may not be, if there was one; to catch the error does not help.
  public private(set) var violation: AlgoPerfViolation?
  private let task: any AlgoPerfTask
  private var calls = 0

  init(_ workload: AlgoPerfWorkload, _ task: any AlgoPerfTask, seed: UInt64, context: Context) {
    self.workload = workload.name
    stepHint = workload.stepHint
    self.task = task
    trainingCount = task.trainingCount
    self.seed = seed
    self.context = context
  }

  /// The mean loss over training examples and its gradients by parameter.
  ///
  /// - Throws: ``AlgoPerfViolation``; what the model throws.
  public func gradients(of batch: [Int]) throws -> (loss: Double, gradients: [String: Tensor]) {
    if let example = batch.first(where: { !(0..<trainingCount).contains($0) }) {
      try report(.heldOut(example: example, training: trainingCount))
    }
    if batch.isEmpty { try report(.batch(size: 0)) }
    calls += 1
    return try task.gradients(of: batch, seed: seed, call: calls)
  }

  /// Takes down what may not be.
  func report(_ violation: AlgoPerfViolation) throws(AlgoPerfViolation) {
    self.violation = self.violation ?? violation
    throw violation
  }
}
