/// Parameters that are updated alike: one rule with its settings, and one factor on the step's rate.
///
/// ```swift
/// let optimizer = try GroupOptimizer(
///   [
///     ParameterGroup("matrices", matrices, rule: AdamW(weightDecay: 0.1)),
///     ParameterGroup("norms", norms, rule: AdamW(weightDecay: 0), rateScale: 0.5),
///     ParameterGroup("embedding", [embedding], rule: AdamW(), isFrozen: true),
///   ], context: context)
/// ```
public struct ParameterGroup: Sendable {
  /// The name, for messages.
  public let name: String
  /// What is updated.
  public let parameters: [Parameter]
  /// How.
  public let rule: any UpdateRule
  /// What the step's rate is multiplied by.
  public let rateScale: Double
  /// Whether the parameters stay as they are. They have no state then, and gradients for them are passed over.
  public let isFrozen: Bool

  /// A group of parameters.
  public init(
    _ name: String, _ parameters: [Parameter], rule: any UpdateRule, rateScale: Double = 1, isFrozen: Bool = false
  ) {
    self.name = name
    self.parameters = parameters
    self.rule = rule
    self.rateScale = rateScale
    self.isFrozen = isFrozen
  }
}
