import CVenturi
import NumericTypes

/// Stochastic gradient descent, with heavy-ball momentum or Nesterov's.
///
/// g ← g + λw; b ← μb + (1 - dampening) g, in the first step b ← g; w ← w - rate · b, or rate · (g + μb) for Nesterov's
/// (Sutskever et al.: On the importance of initialization and momentum in deep learning, 2013).
public struct SGD: WeightDecayingRule {
  /// The name, for messages.
  public let name = "SGD"
  /// μ, the share of the last step that is kept.
  public var momentum: Double
  /// What of the gradient does not enter the momentum.
  public var dampening: Double
  /// Whether the gradient is looked at ahead.
  public var nesterov: Bool
  /// λ, added to the gradient as λw.
  public var weightDecay: Double

  /// Plain descent unless momentum is given.
  public init(momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("SGD.momentum", momentum, .fraction)
    try check("SGD.dampening", dampening, .part)
    try check("SGD.weightDecay", weightDecay, .notNegative)
    if nesterov {
      try check("SGD.momentum with nesterov", momentum, .properFraction)
      if dampening != 0 {
        throw .invalidSetting(field: "SGD.dampening with nesterov", value: dampening, expected: "0")
      }
    }
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] { momentum == 0 ? [] : [StateSlot("momentum", shape)] }

  /// Takes a step.
  public func update(_ update: Update) {
    let settings = vt_sgd_step(
      rate: Float(update.rate), coupled: Float(weightDecay), momentum: Float(momentum),
      gain: update.step == 1 ? 1 : Float(1 - dampening), nesterov: nesterov ? 1 : 0)
    let kernels = update.context.updateKernels
    let (w, g) = (update.pointer(update.weights), update.pointer(update.gradient))
    let b = update.state.first.map(update.pointer)
    update.changeWeights { range in
      let start = range.lowerBound
      withUnsafePointer(to: settings) {
        kernels.pointee.sgd($0, Int64(range.count), w + start, g + start, b.map { $0 + start })
      }
    }
  }
}
