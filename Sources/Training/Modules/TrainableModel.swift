import Formats
import Tensors

/// A model that a loop can train: parameters by name, and a loss.
///
/// A model is made by layers on a ``ModelBuilder`` and holds their handles; the tensors come with each ``Pass``.
public protocol TrainableModel {
  /// What the model learns from.
  associatedtype Batch: Sendable

  /// The trained weights, in a fixed order.
  var parameters: [Parameter] { get }
  /// What is kept and saved beside them, in a fixed order.
  var buffers: [Parameter] { get }

  /// The mean loss over the batch's targets, a floating-point scalar.
  ///
  /// - Throws: for a batch that does not fit the model.
  func loss(of batch: Batch, _ pass: Pass) throws -> Tensor

  /// The mean loss over the batch's targets and its gradients with respect to the weights at some places among
  /// ``parameters``; new values of buffers go to `pass`. A model of stages that learn alone brings its own.
  ///
  /// - Throws: for a batch that does not fit the model.
  func differentiated(
    _ batch: Batch, tracking places: [Int], _ pass: Pass
  ) throws -> (loss: Tensor, gradients: [Tensor])

  /// The number of targets in a batch: what ``loss(of:_:)`` is a mean over, and the weight of the batch among others.
  func targetCount(of batch: Batch) -> Int

  /// What is measured on held-out batches, by name, `loss` among it.
  ///
  /// - Throws: for a batch that does not fit the model.
  func measure(_ batch: Batch, _ pass: Pass) throws -> [String: MetricSum]

  /// What the way of training tells of itself beside losses: of the last step for a line of the log, or of the run so far,
  /// layer by layer, for its end.
  func figures(ofRun: Bool) -> [JSON.Member]
}

extension TrainableModel {
  /// None.
  public func figures(ofRun: Bool) -> [JSON.Member] { [] }
}

extension TrainableModel {
  /// By one tape over ``loss(of:_:)``.
  ///
  /// - Throws: for a batch that does not fit the model.
  public func differentiated(
    _ batch: Batch, tracking places: [Int], _ pass: Pass
  ) throws -> (loss: Tensor, gradients: [Tensor]) {
    var inner: Pass?
    let (loss, gradients) = try pass.context.valueAndGradient(of: places.map(pass.weight)) { tracked in
      let made = pass.replacing(places, by: tracked)
      inner = made
      return try self.loss(of: batch, made)
    }
    if let inner { pass.take(inner.updates) }
    return (loss, gradients)
  }
}

/// A mean that is gathered over batches.
public struct MetricSum: Sendable, Hashable {
  /// The sum.
  public var sum: Double
  /// The number of what was summed.
  public var count: Int

  /// A sum of `count` numbers.
  public init(sum: Double, count: Int) {
    self.sum = sum
    self.count = count
  }

  /// The mean; NaN of nothing.
  public var mean: Double { sum / Double(count) }

  /// Adds another sum.
  public mutating func add(_ other: MetricSum) {
    sum += other.sum
    count += other.count
  }
}
