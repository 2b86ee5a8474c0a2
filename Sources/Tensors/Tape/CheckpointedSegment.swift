/// A part of a computation of which only inputs are kept; it runs again when its gradient is asked for.
final class CheckpointedSegment {
  private let inputs: [Tensor]
  private let body: ([Tensor]) throws -> [Tensor]
  /// The gradients of the outputs that have come back.
  var gradients: [Tensor?]

  init(_ inputs: [Tensor], outputs: Int, _ body: @escaping ([Tensor]) throws -> [Tensor]) {
    self.inputs = inputs
    self.body = body
    gradients = [Tensor?](repeating: nil, count: outputs)
  }

  /// Runs the body once more.
  func run() -> [Tensor] {
    do {
      let outputs = try body(inputs)
      precondition(
        outputs.count == gradients.count,
        "a checkpointed segment gave \(gradients.count) tensors at first and \(outputs.count) when it ran again")
      return outputs
    } catch { preconditionFailure("a checkpointed segment failed when it ran again: \(error)") }
  }
}
