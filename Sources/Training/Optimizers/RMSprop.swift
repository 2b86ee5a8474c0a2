import CVenturi
import NumericTypes

/// Gradients divided by the root of their mean square (Tieleman, Hinton: lecture 6.5, 2012), centred or not, with momentum
/// or not.
///
/// g ← g + λw; v ← αv + (1 - α) g²; d = g / (√v + ε), or √(v - a²) with the mean a of g (Graves: Generating sequences with
/// recurrent neural networks, 2013); w ← w - rate · d, or rate · b with b ← μb + d.
public struct RMSprop: WeightDecayingRule {
  /// The name, for messages.
  public let name = "RMSprop"
  /// α, of the averages.
  public var smoothing: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// μ.
  public var momentum: Double
  /// Whether the mean is taken off.
  public var centered: Bool
  /// λ, added to the gradient as λw.
  public var weightDecay: Double

  /// The usual settings unless given.
  public init(
    smoothing: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, centered: Bool = false,
    weightDecay: Double = 0
  ) {
    self.smoothing = smoothing
    self.epsilon = epsilon
    self.momentum = momentum
    self.centered = centered
    self.weightDecay = weightDecay
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("RMSprop.smoothing", smoothing, .fraction)
    try check("RMSprop.epsilon", epsilon, .positive)
    try check("RMSprop.momentum", momentum, .fraction)
    try check("RMSprop.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] {
    var names = ["secondMoment"]
    if centered { names.append("mean") }
    if momentum > 0 { names.append("momentum") }
    return names.map { StateSlot($0, shape) }
  }

  /// Takes a step.
  public func update(_ update: Update) {
    let settings = vt_rmsprop_step(
      rate: Float(update.rate), coupled: Float(weightDecay), rest: Float(1 - smoothing), epsilon: Float(epsilon),
      momentum: Float(momentum))
    let kernels = update.context.updateKernels
    let (w, g, v) = (
      update.pointer(update.weights), update.pointer(update.gradient), update.pointer(update.state[0])
    )
    let mean = centered ? update.pointer(update.state[1]) : nil
    let buffer = momentum > 0 ? update.state.last.map(update.pointer) : nil
    update.changeWeights { range in
      let start = range.lowerBound
      withUnsafePointer(to: settings) {
        kernels.pointee.rmsprop(
          $0, Int64(range.count), w + start, g + start, v + start, mean.map { $0 + start }, buffer.map { $0 + start })
      }
    }
  }
}
