import NumericTypes

/// Adam with weight decay apart from the gradient (Loshchilov, Hutter: Decoupled weight decay regularization, 2019).
///
/// m ← β₁m + (1 - β₁) g; v ← β₂v + (1 - β₂) g²; w ← w - rate · (λw + m̂ / (√v̂ + ε)), the hats for the division by 1 - βᵗ.
public struct AdamW: WeightDecayingRule {
  /// The name, for messages.
  public let name = "AdamW"
  /// β₁, of the gradient's average.
  public var beta1: Double
  /// β₂, of its square's.
  public var beta2: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double
  /// Whether v̂ is the largest so far (Reddi, Kale, Kumar: On the convergence of Adam and beyond, 2018).
  public var amsgrad: Bool

  /// The paper's settings unless given.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    amsgrad: Bool = false
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.amsgrad = amsgrad
  }

  private var adam: AdamStep { AdamStep(beta1: beta1, beta2: beta2, epsilon: epsilon) }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try adam.validate(name)
    try check("AdamW.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] { adam.slots(shape, amsgrad: amsgrad) }

  /// Takes a step.
  public func update(_ update: Update) {
    let ofMoment = update.rate / adam.firstCorrection(update.step)
    adam.run(
      update, adam.settings(update.step, ofMoment: ofMoment, decay: update.rate * weightDecay), amsgrad: amsgrad)
  }
}
