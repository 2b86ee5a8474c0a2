import NumericTypes

/// The steps that led from some tensors to a result, in order, so that the result's gradient can be taken back along them.
///
/// Gradients are summed in the order of the steps, last first: it depends on the program alone, not on threads. A step's
/// memory is given back as soon as its gradient has gone through, unless an outer derivative still needs it.
public final class Tape {
  private unowned let context: Context
  private var nodes: [TapeNode] = []
  /// Whether operators on tracked tensors are recorded now.
  private(set) var isRecording = true

  init(_ context: Context) { self.context = context }

  /// The number of steps recorded.
  public var count: Int { nodes.count }

  /// Runs `body` with recording switched to `state`.
  func recording<Result>(_ state: Bool, _ body: () throws -> Result) rethrows -> Result {
    let outer = isRecording
    isRecording = state
    defer { isRecording = outer }
    return try body()
  }

  /// Forgets everything; tensors that were tracked are constants from now on.
  func end() {
    isRecording = false
    // Last first: a step that goes takes no others with it, however long the chain.
    while let node = nodes.popLast() { node.finish() }
  }

  /// The tensor as one whose gradient is asked for. Under an outer derivative it stays connected to where it came from.
  func parameter(_ x: Tensor) -> Tensor { x.detached().attached(to: append([x], x.dtype, nil, .parameter)) }

  /// Records that `output` came from `inputs`; a result of integers has no gradient and is not tracked.
  func record(
    _ output: Tensor, from inputs: [Tensor], keepingOutput: Bool, _ backward: @escaping (BackwardCall) -> [Tensor?]
  ) -> Tensor {
    let output = output.detached()
    guard output.dtype.isFloatingPoint else { return output }
    return output.attached(to: append(inputs, output.dtype, keepingOutput ? output : nil, .operation(backward)))
  }

  /// Records a segment that is to run again on the way back.
  func record(_ segment: CheckpointedSegment, from inputs: [Tensor], outputs: [Tensor]) -> [Tensor] {
    let source = append(inputs, .f32, nil, .segment(segment))
    return outputs.enumerated().map { index, output in
      guard output.dtype.isFloatingPoint else { return output.detached() }
      let node = TapeNode(
        self, nodes.count, inputs: [source], dtype: output.dtype, .segmentOutput(segment, index))
      nodes.append(node)
      return output.detached().attached(to: node)
    }
  }

  private func append(_ inputs: [Tensor], _ dtype: DType, _ output: Tensor?, _ step: TapeNode.Step) -> TapeNode {
    let sources = inputs.map { input -> TapeNode? in
      guard let node = input.node, node.tape === self else { return nil }
      precondition(!node.isDone, "a tensor \(input.shape) is used whose gradient has gone back already")
      return node
    }
    let node = TapeNode(
      self, nodes.count, inputs: sources, inputShapes: inputs.map(\.shape), dtype: dtype, output: output,
      scope: context.recorder == nil ? nil : context.scope, step)
    nodes.append(node)
    return node
  }

  /// Takes the gradient of `loss` back to the `count` parameters from position `start` on.
  ///
  /// - Parameter keeping: whether the steps stay, and the way back is recorded behind them, for an outer derivative.
  /// - Returns: the gradients; nothing for a parameter that the loss does not depend on.
  func backward(_ loss: Tensor, parametersAt start: Int, count: Int, keeping: Bool) -> [Tensor?] {
    let parameters = Array(nodes[start..<start + count])
    // What an outer pass needs, should one be under way, it still needs afterwards.
    let needed = nodes[..<start].map(\.isNeeded)
    for node in nodes[..<start] { node.isNeeded = false }
    defer { for (node, isNeeded) in zip(nodes, needed) { node.isNeeded = isNeeded } }
    for node in parameters { node.isNeeded = true }
    findNeeded(start + count..<nodes.count)
    return recording(keeping) {
      if let node = loss.node, node.tape === self, node.isNeeded {
        context.within(node.scope, .backward) { node.add(context.full(loss.shape, 1, loss.dtype), context) }
        pass(start + count..<nodes.count, keeping)
      }
      return parameters.map { $0.takeSum() }
    }
  }

  private func findNeeded(_ range: Range<Int>) {
    for node in nodes[range] {
      if case .segment = node.step {
        node.isNeeded = true
      } else {
        node.isNeeded = node.inputs.contains { $0?.isNeeded ?? false }
      }
    }
  }

  /// Takes the gradients of the steps in `range` back, last first. What is not kept is the tape's end then.
  private func pass(_ range: Range<Int>, _ keeping: Bool) {
    for index in range.reversed() {
      let node = keeping ? nodes[index] : nodes.removeLast()
      defer { if !keeping { node.finish() } }
      switch node.step {
      case .segment(let segment):
        let gradients = segment.gradients
        for index in gradients.indices { segment.gradients[index] = nil }
        if gradients.allSatisfy({ $0 == nil }) { continue }
        let start = nodes.count
        let outputs = context.within(node.scope, .recompute) { recording(true) { segment.run() } }
        findNeeded(start..<nodes.count)
        let end = nodes.count
        for (output, gradient) in zip(outputs, gradients) {
          if let gradient, let source = output.node, source.isNeeded { source.add(gradient, context) }
        }
        pass(start..<end, keeping)
      case .segmentOutput(let segment, let index): segment.gradients[index] = node.takeSum()
      case .operation(let backward):
        if let gradient = node.takeSum() {
          context.within(node.scope, .backward) { take(gradient, through: node, backward) }
        }
      case .parameter:
        // That of an inner derivative.
        if let gradient = node.takeSum(), let source = node.inputs[0], source.isNeeded { source.add(gradient, context) }
      case .done: break
      }
    }
  }

  private func take(_ gradient: Tensor, through node: TapeNode, _ backward: (BackwardCall) -> [Tensor?]) {
    let call = BackwardCall(gradient: gradient, context: context, isRecorded: isRecording, node: node)
    let gradients = backward(call)
    precondition(
      gradients.count == node.inputs.count,
      "\(gradients.count) gradients for an operator of \(node.inputs.count) inputs")
    for (index, gradient) in gradients.enumerated() {
      guard let source = node.inputs[index], source.isNeeded else { continue }
      guard let gradient else { preconditionFailure("no gradient for input \(index) of an operator, which is wanted") }
      precondition(
        gradient.shape == node.inputShapes[index] && gradient.dtype == source.dtype,
        """
        the gradient \(gradient.dtype.displayName) \(gradient.shape) for input \(index) of an operator, which is \
        \(source.dtype.displayName) \(node.inputShapes[index])
        """)
      source.add(gradient, context)
    }
  }
}
