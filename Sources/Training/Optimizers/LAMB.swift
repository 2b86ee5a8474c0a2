import CVenturi
import NumericTypes
import Tensors

/// Adam's direction with decay, scaled for each parameter to the length of its weights
/// (You et al.: Large batch optimization for deep learning: training BERT in 76 minutes, 2020).
///
/// u = m̂ / (√v̂ + ε) + λw; w ← w - rate · ‖w‖/‖u‖ · u, with the ratio 1 where a norm is 0.
public struct LAMB: WeightDecayingRule {
  /// The name, for messages.
  public let name = "LAMB"
  /// β₁, of the gradient's average.
  public var beta1: Double
  /// β₂, of its square's.
  public var beta2: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  /// The paper's settings unless given.
  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  private var adam: AdamStep { AdamStep(beta1: beta1, beta2: beta2, epsilon: epsilon) }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try adam.validate(name)
    try check("LAMB.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] { adam.slots(shape) }

  /// Takes a step.
  public func update(_ update: Update) {
    let direction = adam.direction(update)
    let context = update.context
    if weightDecay > 0 { context.blend(update.weights, weightDecay, into: direction, 1) }
    let length = context.sumOfSquares(update.weights).squareRoot()
    let step = context.sumOfSquares(direction).squareRoot()
    update.descend(direction, rate: update.rate * (length > 0 && step > 0 ? length / step : 1))
  }
}

extension AdamStep {
  /// The moments' step and m̂ / (√v̂ + ε), a fresh tensor.
  func direction(_ update: Update) -> Tensor {
    let direction = update.context.zeros(update.weights.shape)
    var settings = settings(update.step, ofMoment: 1 / firstCorrection(update.step))
    settings.of_m = -settings.of_m  // the kernel takes steps downwards
    run(
      Update(
        weights: direction, gradient: update.gradient, state: update.state, step: update.step, rate: 1,
        context: update.context, stored: nil), settings)
    return direction
  }
}
