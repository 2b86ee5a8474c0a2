/// A rule with weight decay among its settings.
public protocol WeightDecayingRule: UpdateRule {
  /// λ.
  var weightDecay: Double { get set }
}
