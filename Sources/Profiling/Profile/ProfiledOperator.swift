import Costs
import Tensors

/// An operator of a step as it was measured.
public struct ProfiledOperator: Sendable {
  /// What it does.
  public var kind: OperatorKind
  /// Where it stands in the model.
  public var scope: OperatorScope
  /// The mean over the middle half of the timed steps.
  public var seconds: Double
  /// What a run costs.
  public var cost: OperatorCost
  /// The least it takes on this machine.
  public var limits: OperatorLimits

  /// An operator from its parts.
  public init(
    kind: OperatorKind, scope: OperatorScope, seconds: Double, cost: OperatorCost, limits: OperatorLimits
  ) {
    self.kind = kind
    self.scope = scope
    self.seconds = seconds
    self.cost = cost
    self.limits = limits
  }

  /// Its place and kind, without the layer: `mixer q,k,v linear`.
  public var name: String { (scope.path + [kind.rawValue]).joined(separator: " ") }
}
