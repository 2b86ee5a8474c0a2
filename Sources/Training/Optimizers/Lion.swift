import CVenturi
import NumericTypes

/// Steps of one size in each direction, by the sign of a mean gradient
/// (Chen et al.: Symbolic discovery of optimization algorithms, 2023).
///
/// w ← w - rate · (sign(β₁m + (1 - β₁) g) + λw); m ← β₂m + (1 - β₂) g.
public struct Lion: WeightDecayingRule {
  /// The name, for messages.
  public let name = "Lion"
  /// β₁, of the direction.
  public var beta1: Double
  /// β₂, of the average that is kept.
  public var beta2: Double
  /// λ.
  public var weightDecay: Double

  /// The paper's settings unless given.
  public init(beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("Lion.beta1", beta1, .fraction)
    try check("Lion.beta2", beta2, .fraction)
    try check("Lion.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] { [StateSlot("momentum", shape)] }

  /// Takes a step.
  public func update(_ update: Update) {
    let settings = vt_lion_step(
      rate: Float(update.rate), decay: Float(update.rate * weightDecay), rest1: Float(1 - beta1),
      rest2: Float(1 - beta2))
    let kernels = update.context.updateKernels
    let (w, g, m) = (
      update.pointer(update.weights), update.pointer(update.gradient), update.pointer(update.state[0])
    )
    update.changeWeights { range in
      let start = range.lowerBound
      withUnsafePointer(to: settings) {
        kernels.pointee.lion($0, Int64(range.count), w + start, g + start, m + start)
      }
    }
  }
}
