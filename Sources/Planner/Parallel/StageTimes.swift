import Costs

/// Seconds of a microbatch's operators on one device of a tensor group.
struct StageTimes: Sendable, Hashable {
  /// A layer's forward pass.
  var forward = 0.0
  /// Its backward pass, nothing computed again.
  var backward = 0.0
  /// Attention's own operators, forward.
  var attention = 0.0
  /// The embedding, both ways.
  var embedding = 0.0
  /// The output layer and the loss, forward.
  var headForward = 0.0
  /// The same backward.
  var headBackward = 0.0

  /// The times of `microbatch` sequences.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  init(
    _ run: TrainingRun, tensor: Int, microbatch: Int, sharesNorms: Bool, on device: Device, _ model: RooflineCostModel
  ) throws(PlannerError) {
    var costs = TransformerCosts(
      shape: run.shape.part(of: tensor), load: try Workload(sequences: microbatch, tokens: run.sequence),
      widths: run.widths, kernel: run.kernel, precision: run.precision, training: true)
    if sharesNorms { costs.normShares = Double(tensor) }
    func seconds(_ operators: [PlannedOperator]) throws(PlannerError) -> Double {
      try model.estimate(PlannedStep("part", operators), on: device).seconds
    }
    forward = try seconds(costs.layers.flatMap(\.operators))
    backward = try seconds(costs.layersBackward.flatMap(\.operators))
    attention = try seconds(costs.attention)
    embedding = try seconds([costs.embedding, costs.embeddingBackward])
    headForward = try seconds(costs.head(logitRows: costs.rows))
    headBackward = try seconds(costs.headBackward)
  }
}
