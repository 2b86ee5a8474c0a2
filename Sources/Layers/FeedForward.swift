import Costs
import Tensors

/// The layer of a block that looks at each row by itself.
public protocol FeedForward: Sendable {
  /// f(x), [rows, width].
  func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor
  /// y += f(x), in y's own storage: the residual connection is part of the last product.
  func add(_ x: LinearInput, to y: Tensor, _ context: Context)
  /// What `rows` rows compute and move at least.
  func cost(rows: Int) -> OperationCost
  /// The layer with other cores for its matrices, each a stand-in for the one given; itself where it has none that can be
  /// replaced.
  func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> Self
}

extension FeedForward {
  /// The layer itself.
  public func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> Self { self }
}
