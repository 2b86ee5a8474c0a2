import CVenturi
import NumericTypes

/// Gradients divided by the root of the sum of all their squares
/// (Duchi, Hazan, Singer: Adaptive subgradient methods for online learning and stochastic optimization, 2011).
///
/// g ← g + λw; s ← s + g²; w ← w - rate / (1 + (t - 1) rateDecay) · g / (√s + ε).
public struct Adagrad: WeightDecayingRule {
  /// The name, for messages.
  public let name = "Adagrad"
  /// What the rate falls by.
  public var rateDecay: Double
  /// s before the first step.
  public var initialSum: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// λ, added to the gradient as λw.
  public var weightDecay: Double

  /// The usual settings unless given.
  public init(
    rateDecay: Double = 0, initialSum: Double = 0, epsilon: Double = 1e-10, weightDecay: Double = 0
  ) {
    self.rateDecay = rateDecay
    self.initialSum = initialSum
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("Adagrad.rateDecay", rateDecay, .notNegative)
    try check("Adagrad.initialSum", initialSum, .notNegative)
    try check("Adagrad.epsilon", epsilon, .positive)
    try check("Adagrad.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] {
    [StateSlot("squares", shape, content: .value(initialSum))]
  }

  /// Takes a step.
  public func update(_ update: Update) {
    let settings = vt_adagrad_step(
      rate: Float(update.rate / (1 + Double(update.step - 1) * rateDecay)), coupled: Float(weightDecay),
      epsilon: Float(epsilon))
    let kernels = update.context.updateKernels
    let (w, g, s) = (
      update.pointer(update.weights), update.pointer(update.gradient), update.pointer(update.state[0])
    )
    update.changeWeights { range in
      let start = range.lowerBound
      withUnsafePointer(to: settings) {
        kernels.pointee.adagrad($0, Int64(range.count), w + start, g + start, s + start)
      }
    }
  }
}
