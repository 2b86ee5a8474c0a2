import Costs

/// An operator that was performed: what it does, where, and what a run of it costs.
public final class Operator {
  /// What it does.
  public let kind: OperatorKind
  /// Where it stands in the model.
  public let scope: OperatorScope
  /// The operations of each precision that one operation of its cost takes: a product of 16-bit inputs as two products of
  /// bytes has 2 at ``/Costs/Precision/int8``.
  public let arithmetic: [Precision: Double]
  private let currentCost: () -> OperatorCost

  init(
    _ kind: OperatorKind, _ scope: OperatorScope, _ arithmetic: [Precision: Double],
    cost: @escaping () -> OperatorCost
  ) {
    self.kind = kind
    self.scope = scope
    self.arithmetic = arithmetic
    currentCost = cost
  }

  /// What a run costs with the batch in force.
  func cost() -> OperatorCost { currentCost() }
}
