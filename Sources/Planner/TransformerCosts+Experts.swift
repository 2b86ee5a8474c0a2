import Costs

// A feed-forward layer of experts: a router, the experts that tokens are sent to, and those that all tokens go to. Experts are as
// likely as each other, so that few tokens read few experts' weights, and many read all.
extension TransformerCosts {
  /// The operators of a feed-forward layer with experts.
  var experts: [PlannedOperator] {
    guard let experts = shape.experts else { return [] }
    let (routed, sent) = (Double(experts.routed), rows * Double(experts.active))
    let (hidden, up) = inner(Double(experts.feedForward))
    var operators = [
      linear("layer.router", width, routed, bias: false),
      pass("layer.router.choice", rows * routed, read: 1, written: 1),
      product("layer.experts.up", sent, width, up, experts),
      activation("layer.experts.activation", sent * up, hidden / up),
      product("layer.experts.down", sent, hidden, width, experts),
    ]
    if experts.shared > 0 {
      let (hidden, up) = inner(Double(experts.feedForward * experts.shared))
      operators += [
        linear("layer.shared.up", width, up, bias: false),
        activation("layer.shared.activation", rows * up, hidden / up),
        linear("layer.shared.down", hidden, width, bias: false),
      ]
    }
    // The sum of what a token's experts give, each times its weight.
    operators.append(
      pass("layer.experts.sum", sent * width, read: 1, written: 1 / Double(experts.active), operations: 2))
    return operators
  }

  /// Its backward pass.
  var expertsBackward: [PlannedOperator] {
    guard let experts = shape.experts else { return [] }
    let (routed, sent) = (Double(experts.routed), rows * Double(experts.active))
    let (hidden, up) = inner(Double(experts.feedForward))
    var operators = [
      pass("layer.experts.sum.backward", sent * width, read: 1 + 1 / Double(experts.active), written: 1, operations: 4)
    ]
    if experts.shared > 0 {
      let (hidden, up) = inner(Double(experts.feedForward * experts.shared))
      operators += linearBackward("layer.shared.down", hidden, width)
      operators.append(backward("layer.shared.activation", rows * up))
      operators += linearBackward("layer.shared.up", width, up)
    }
    operators += productBackward("layer.experts.down", sent, hidden, width, experts)
    operators.append(backward("layer.experts.activation", sent * up))
    operators += productBackward("layer.experts.up", sent, width, up, experts)
    operators.append(pass("layer.router.choice.backward", rows * routed, read: 1, written: 1))
    operators += linearBackward("layer.router", width, routed)
    return operators
  }

  private func inner(_ hidden: Double) -> (hidden: Double, up: Double) { (hidden, shape.gated ? 2 * hidden : hidden) }

  private func activation(_ name: String, _ count: Double, _ part: Double) -> PlannedOperator {
    pass(name, count, read: 0, written: training ? part : 0)
  }

  private func backward(_ name: String, _ count: Double) -> PlannedOperator {
    pass(name + ".backward", count, read: 1, written: 0, operations: 2 * Self.passOperations)
  }

  /// Rows sent to experts times each one's weights.
  private func product(
    _ name: String, _ sent: Double, _ inputs: Double, _ outputs: Double, _ experts: ExpertLayers
  ) -> PlannedOperator {
    let weights = experts.reached(by: rows) * inputs * outputs
    return PlannedOperator(
      name, .matmul, precision,
      OperationCost(
        flops: 2 * sent * inputs * outputs, bytesRead: sent * inputs * widths.activations + weights * widths.weights,
        bytesWritten: sent * outputs * widths.activations))
  }

  private func productBackward(
    _ name: String, _ sent: Double, _ inputs: Double, _ outputs: Double, _ experts: ExpertLayers
  ) -> [PlannedOperator] {
    let weights = experts.reached(by: rows) * inputs * outputs
    let flops = 2 * sent * inputs * outputs
    let a = widths.activations
    return [
      PlannedOperator(
        name + ".backward.input", .matmul, precision,
        OperationCost(
          flops: flops, bytesRead: sent * outputs * a + weights * widths.weights, bytesWritten: sent * inputs * a)),
      PlannedOperator(
        name + ".backward.weight", .matmul, precision,
        OperationCost(
          flops: flops, bytesRead: sent * (inputs + outputs) * a, bytesWritten: weights * widths.gradients)),
    ]
  }
}
