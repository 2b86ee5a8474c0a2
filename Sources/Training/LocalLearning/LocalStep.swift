import Tensors

/// A step of a ``LocalNetwork`` in which each stage is updated as soon as its gradients are there, and nothing of it is kept
/// but what goes into the next.
///
/// For backpropagation, whose one stage is the whole network, it is the usual step.
public final class LocalStep {
  /// The network.
  public let network: LocalNetwork
  /// The seed of wrong labels.
  public var seed: UInt64 = 0
  /// The steps taken.
  public private(set) var count = 0
  /// Bytes that the last step held for gradients when a stage's forward half was through, the most of all stages: activations
  /// and what operators keep of them, the batch not counted.
  public private(set) var activationBytes = 0
  private let optimizers: [any Optimizer]
  private let context: Context

  /// A step with an optimizer of `rule` for each stage.
  ///
  /// - Parameters:
  ///   - network: what is trained.
  ///   - rule: how weights are changed.
  ///   - headScale: what the rate of heads, Mono-Forward's projections, is multiplied by.
  ///   - context: where to compute.
  /// - Throws: ``OptimizerError``.
  public init(
    _ network: LocalNetwork, rule: any UpdateRule, headScale: Double = 1, context: Context
  ) throws(OptimizerError) {
    self.network = network
    self.context = context
    optimizers = try network.stages.map { (places) throws(OptimizerError) in
      let parameters = places.map { network.parameters[$0] }
      let heads = parameters.filter { $0.name.hasPrefix("heads") }
      let others = parameters.filter { !$0.name.hasPrefix("heads") }
      return try GroupOptimizer(
        [
          ParameterGroup("layers", others, rule: rule),
          ParameterGroup(
            "heads", heads, rule: rule, rateScale: network.configuration.rule == .monoForward ? headScale : 1),
        ], context: context)
    }
  }

  /// Takes a step at `rate`; the loss of each stage before it.
  ///
  /// - Throws: ``DataError``; ``TrainingError/notFinite(step:what:value:)``, with the stages before updated.
  public func callAsFunction(_ batch: ImageBatch, rate: Double) throws -> [Double] {
    let pass = Pass(
      .training, weights: network.parameters.map(\.value), buffers: network.buffers.map(\.value), seed: seed,
      batch: count, context: context)
    count += 1
    var losses: [Double] = []
    activationBytes = try network.forEachStage(batch, pass, tracking: Set(network.stages.flatMap { $0 })) {
      stage, places, loss, found in
      let value = context.scalar(loss)
      guard value.isFinite else {
        throw TrainingError.notFinite(step: count, what: "loss of stage \(stage)", value: "\(value)")
      }
      losses.append(value)
      var gradients: [String: Tensor] = [:]
      for (place, gradient) in zip(places, found) { gradients[network.parameters[place].name] = gradient }
      try optimizers[stage].step(gradients, rate: rate)
    }
    return losses
  }
}
