import CVenturi
import NumericTypes
import Tensors

/// AdamW with a mean of the iterates in the place of a rate that falls
/// (Defazio et al.: The road less scheduled, 2024). Give it a constant rate, after a warm-up.
///
/// With γ = rate · √(1 - β₂ᵗ), c = γ²/Σγ² and the gradient g at y: z ← z - γ (g / (√v + ε) + λy), x ← (1 - c) x + c z,
/// y = (1 - β₁) z + β₁ x. The parameters hold y; a model is evaluated with x:
/// ``Optimizer/withEvaluationWeights(_:)``.
public struct ScheduleFreeAdamW: WeightDecayingRule {
  /// The name, for messages.
  public let name = "ScheduleFreeAdamW"
  /// β₁, how near to the mean gradients are taken.
  public var beta1: Double
  /// β₂, of the average of squares.
  public var beta2: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  /// The paper's settings unless given.
  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("ScheduleFreeAdamW.beta1", beta1, .properFraction)
    try check("ScheduleFreeAdamW.beta2", beta2, .fraction)
    try check("ScheduleFreeAdamW.epsilon", epsilon, .positive)
    try check("ScheduleFreeAdamW.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] {
    [
      StateSlot("iterate", shape, content: .weights), StateSlot("secondMoment", shape),
      StateSlot("weightSum", [], .f64),
    ]
  }

  /// Takes a step.
  public func update(_ update: Update) {
    let rate = update.rate * (1 - power(beta2, update.step)).squareRoot()
    let sum = update.scalar(2) + rate * rate
    update.setScalar(2, sum)
    let share = sum > 0 ? rate * rate / sum : 0
    let settings = vt_schedule_free_step(
      rate: Float(rate), rest2: Float(1 - beta2), epsilon: Float(epsilon), weight_decay: Float(weightDecay),
      share: Float(share), of_y: Float(rate * (1 - beta1 * (1 - share))))
    let kernels = update.context.updateKernels
    let (y, g) = (update.pointer(update.weights), update.pointer(update.gradient))
    let (z, v) = (update.pointer(update.state[0]), update.pointer(update.state[1]))
    update.changeWeights { range in
      let start = range.lowerBound
      withUnsafePointer(to: settings) {
        kernels.pointee.schedule_free($0, Int64(range.count), y + start, g + start, z + start, v + start)
      }
    }
  }

  /// The mean of the iterates.
  public func evaluationWeights(of weights: Tensor, state: [Tensor], in context: Context) -> Tensor? {
    let mean = context.copy(weights)
    context.approach(state[0], by: 1 - 1 / beta1, mean)
    return mean
  }
}
