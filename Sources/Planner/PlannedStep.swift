import Costs

/// A step of a model, operator by operator: a prefill, a decoded token, a training step.
public struct PlannedStep: Sendable, Hashable {
  /// What it is, for example `GPT3-1.3B training, 2048 tokens`.
  public var name: String
  /// Its operators, in the order in which they run.
  public var operators: [PlannedOperator]

  /// A step from its operators.
  public init(_ name: String, _ operators: [PlannedOperator]) {
    self.name = name
    self.operators = operators
  }

  /// What the whole step moves and computes.
  public var cost: OperationCost { operators.reduce(OperationCost()) { $0 + $1.total } }

  /// This step `count` times.
  public func repeated(_ count: Int) -> PlannedStep {
    PlannedStep(
      name,
      operators.map { op in
        var op = op
        op.count *= count
        return op
      })
  }
}
