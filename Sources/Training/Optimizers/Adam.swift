import NumericTypes

/// Adam (Kingma, Ba: Adam: a method for stochastic optimization, 2015); weight decay is part of the gradient, λw added
/// to it. See ``AdamW`` for the formula and for decay apart from it.
public struct Adam: WeightDecayingRule {
  /// The name, for messages.
  public let name = "Adam"
  /// β₁, of the gradient's average.
  public var beta1: Double
  /// β₂, of its square's.
  public var beta2: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double
  /// Whether v̂ is the largest so far.
  public var amsgrad: Bool

  /// The paper's settings unless given.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false
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
    try check("Adam.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] { adam.slots(shape, amsgrad: amsgrad) }

  /// Takes a step.
  public func update(_ update: Update) {
    let ofMoment = update.rate / adam.firstCorrection(update.step)
    adam.run(update, adam.settings(update.step, ofMoment: ofMoment, coupled: weightDecay), amsgrad: amsgrad)
  }
}
