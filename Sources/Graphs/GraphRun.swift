import Tensors

/// What all nodes of one run share: the budget and the way to stop.
final class GraphRun {
  let limits: GraphLimits
  let context: Context
  private let isCancelled: () -> Bool
  private var steps = 0
  /// Whether an operator drew random numbers, so that outputs differ from run to run.
  var drewRandomNumbers = false

  init(context: Context, limits: GraphLimits, isCancelled: @escaping () -> Bool) {
    self.context = context
    self.limits = limits
    self.isCancelled = isCancelled
  }

  /// Counts a node, or a turn of a loop.
  func step(_ node: @autoclosure () -> String) throws(GraphError) {
    steps += 1
    guard steps <= limits.steps else { throw .stepLimit(node: node(), limit: limits.steps) }
    if isCancelled() { throw .cancelled }
  }
}
