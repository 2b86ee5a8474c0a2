import CVenturi
import NumericTypes
import Tensors

/// Trains a ``LocalNetwork`` until the validation accuracy rises no more, and says what that took.
public struct LocalTraining: Sendable, Hashable {
  /// The images of a step.
  public var batch = 256
  /// The rate of AdamW.
  public var rate = 1e-3
  /// What the rate of Mono-Forward's projections is multiplied by.
  public var headScale = 1.0
  /// AdamW's decay of weights.
  public var weightDecay = 0.0
  /// Cascaded Forward's λ, whose predictors are solved for at once.
  public var ridge = 1e-3
  /// The most passes over the images.
  public var epochs = 60
  /// The passes without a better validation accuracy after which it ends.
  public var patience = 10
  /// What orders, wrong labels and first weights depend on.
  public var seed: UInt64 = 0

  /// The defaults above.
  public init() {}

  /// A point of a curve of learning.
  public struct Point: Sendable, Hashable {
    /// Seconds of steps so far.
    public var seconds: Double
    /// The share of validation images that is right.
    public var accuracy: Double
  }

  /// What a training was like.
  public struct Outcome: Sendable, Hashable {
    /// The best validation accuracy, and the validation loss and test accuracy of those weights.
    public var validationAccuracy = -1.0
    /// The cross-entropy of the scores on validation images at the best weights.
    public var validationLoss = Double.infinity
    /// The share of test images that is right at the best weights.
    public var testAccuracy = 0.0
    /// The passes that were taken.
    public var epochs = 0
    /// The steps that were taken.
    public var steps = 0
    /// Wall seconds of steps, evaluations not counted.
    public var seconds = 0.0
    /// Seconds of steps until the best weights.
    public var secondsToBest = 0.0
    /// After each pass the seconds of steps so far and the validation accuracy.
    public var curve: [Point] = []
    /// Seconds of all processors in steps.
    public var processorSeconds = 0.0
    /// The most bytes of a step beyond weights and optimizer: activations, gradients, temporaries.
    public var peakStepBytes = 0
    /// The most bytes at the end of a forward half.
    public var activationBytes = 0

    /// Seconds of steps until a validation accuracy was reached first; nothing where it was not.
    public func seconds(to accuracy: Double) -> Double? { curve.first { $0.accuracy >= accuracy }?.seconds }
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - network: what is trained, in place.
  ///   - training: images to learn from, all of them.
  ///   - validation: images that say when to end.
  ///   - test: images that say how good it is.
  ///   - context: where to compute.
  ///   - processorSeconds: the seconds of all processors that the process has taken.
  ///   - isCancelled: asked before each pass.
  /// - Throws: ``DataError``, ``OptimizerError``, ``TrainingError``; `CancellationError`.
  public func callAsFunction(
    _ network: LocalNetwork, _ training: ImageBatch, validation: ImageBatch, test: ImageBatch, context: Context,
    processorSeconds: () -> Double = { 0 }, isCancelled: () -> Bool = { false }
  ) throws -> Outcome {
    var outcome = Outcome()
    if network.configuration.rule == .cascadedForward {
      try timed(&outcome, context, processorSeconds) {
        try network.fitPredictors(training, ridge: ridge, context: context)
      }
      outcome.steps = 1
      outcome.epochs = 1
      try Self.judge(network, validation, test, &outcome, context)
      outcome.secondsToBest = outcome.seconds
      return outcome
    }
    try ModelSetting.check("batch", batch, 1...1 << 20)
    try ModelSetting.check("epochs", epochs, 1...1 << 30)
    try ModelSetting.check("patience", patience, 1...1 << 30)
    let step = try LocalStep(
      network, rule: AdamW(weightDecay: weightDecay), headScale: headScale, context: context)
    step.seed = seed
    var stale = 0
    for epoch in 0..<epochs where stale < patience {
      if isCancelled() { throw CancellationError() }
      let order = Permutation(count: training.labels.count, seed: seed, epoch: epoch)
      try timed(&outcome, context, processorSeconds) {
        for start in stride(from: 0, to: order.count, by: batch) {
          let places = (start..<min(start + batch, order.count)).map { order[$0] }
          _ = try step(training.rows(places, context), rate: rate)
        }
      }
      outcome.steps = step.count
      outcome.epochs = epoch + 1
      outcome.activationBytes = max(outcome.activationBytes, step.activationBytes)
      let before = outcome.validationAccuracy
      try Self.judge(network, validation, test, &outcome, context)
      if outcome.validationAccuracy > before {
        stale = 0
        outcome.secondsToBest = outcome.seconds
      } else {
        stale += 1
      }
    }
    return outcome
  }

  private func timed(
    _ outcome: inout Outcome, _ context: Context, _ processorSeconds: () -> Double, _ body: () throws -> Void
  ) rethrows {
    let before = context.allocator.liveBytes
    context.allocator.resetPeak()
    let (start, processor) = (vt_monotonic_seconds(), processorSeconds())
    try body()
    outcome.seconds += vt_monotonic_seconds() - start
    outcome.processorSeconds += processorSeconds() - processor
    outcome.peakStepBytes = max(outcome.peakStepBytes, context.allocator.peakLiveBytes - before)
  }

  /// Takes over accuracy and loss where the accuracy on validation images is better than before.
  private static func judge(
    _ network: LocalNetwork, _ validation: ImageBatch, _ test: ImageBatch, _ outcome: inout Outcome, _ context: Context
  ) throws {
    let pass = Pass(
      .evaluation, weights: network.parameters.map(\.value), buffers: network.buffers.map(\.value), context: context)
    let found = try network.measure(validation, pass)
    let accuracy = found["accuracy"]?.mean ?? 0
    outcome.curve.append(Point(seconds: outcome.seconds, accuracy: accuracy))
    guard accuracy > outcome.validationAccuracy else { return }
    outcome.validationAccuracy = accuracy
    outcome.validationLoss = found["loss"]?.mean ?? .infinity
    outcome.testAccuracy = try network.measure(test, pass)["accuracy"]?.mean ?? 0
  }
}

extension ImageBatch {
  /// The rows at some places, in their order.
  ///
  /// - Precondition: every place is one of the batch's; the images are contiguous f32.
  public func rows(_ places: [Int], _ context: Context) -> ImageBatch {
    let size = images.shape.dimensions.dropFirst().reduce(1, *)
    let part = context.empty(Shape([places.count] + images.shape.dimensions.dropFirst()))
    let (from, to) = (images.pointer(as: Float.self), part.pointer(as: Float.self))
    withExtendedLifetime(images) {
      for (row, place) in places.enumerated() {
        precondition(labels.indices.contains(place), "row \(place) of \(labels.count)")
        (to + row * size).update(from: from + place * size, count: size)
      }
    }
    return ImageBatch(images: part, labels: places.map { labels[$0] })
  }

  /// All rows of a table as one batch.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``; ``DataError/system(_:)``.
  public init(_ table: NumberTable, shape: Shape? = nil, allocator: Allocator) throws(DataError) {
    try self.init(table.labeledImages(shape: shape, allocator: allocator).elements, allocator: allocator)
  }
}
