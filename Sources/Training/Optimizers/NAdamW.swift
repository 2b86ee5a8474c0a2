import Foundation
import NumericTypes

/// AdamW with Nesterov's look ahead (Dozat: Incorporating Nesterov momentum into Adam, 2016).
///
/// With β₁ all along: m̂ = β₁m/(1 - β₁ᵗ⁺¹) + (1 - β₁) g/(1 - β₁ᵗ), as the AlgoPerf benchmark has it. With a
/// ``momentumDecay`` ψ, as the paper has it: μₜ = β₁ (1 - ½ · 0.96^(tψ)) in the place of β₁, products of all μ in the place
/// of powers.
public struct NAdamW: WeightDecayingRule {
  /// The name, for messages.
  public let name = "NAdamW"
  /// β₁, of the gradient's average.
  public var beta1: Double
  /// β₂, of its square's.
  public var beta2: Double
  /// ε, added to the root.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double
  /// ψ; nothing for a look ahead that is the same all along.
  public var momentumDecay: Double?
  /// Whether decay is part of the gradient, λw added to it.
  public var couplesDecay: Bool

  /// The benchmark's form unless `momentumDecay` is given.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    momentumDecay: Double? = nil, couplesDecay: Bool = false
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.momentumDecay = momentumDecay
    self.couplesDecay = couplesDecay
  }

  private var adam: AdamStep { AdamStep(beta1: beta1, beta2: beta2, epsilon: epsilon) }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try adam.validate(name)
    try check("NAdamW.weightDecay", weightDecay, .notNegative)
    if let momentumDecay { try check("NAdamW.momentumDecay", momentumDecay, .notNegative) }
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] {
    adam.slots(shape) + (momentumDecay == nil ? [] : [StateSlot("momentumProduct", [], .f64, content: .value(1))])
  }

  /// Takes a step.
  public func update(_ update: Update) {
    let (step, rate) = (update.step, update.rate)
    var (now, next) = (beta1, beta1)
    var product = power(beta1, step)
    if let momentumDecay {
      now = beta1 * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay))
      next = beta1 * (1 - 0.5 * pow(0.96, Double(step + 1) * momentumDecay))
      product = update.scalar(2) * now
      update.setScalar(2, product)
    }
    adam.run(
      update,
      adam.settings(
        step, ofMoment: rate * next / (1 - product * next), ofGradient: rate * (1 - now) / (1 - product),
        coupled: couplesDecay ? weightDecay : 0, decay: couplesDecay ? 0 : rate * weightDecay))
  }
}
