/// What an operator is given to take a gradient back: that of its output, to be made into those of its inputs.
public struct BackwardCall {
  /// The gradient of the loss with respect to the operator's output, in the output's shape and type; possibly a strided view.
  public let gradient: Tensor
  /// Where to compute.
  public let context: Context
  /// Whether what is computed here is recorded in turn, for a derivative of higher order. Where it is not, an operator may
  /// use faster ways that have no gradient themselves.
  public let isRecorded: Bool
  let node: TapeNode

  /// The operator's output.
  ///
  /// - Precondition: it was recorded with `keepingOutput`.
  public var output: Tensor {
    guard let output = node.output else {
      preconditionFailure(
        "an operator's backward pass wants its output, which was not kept: record it with keepingOutput")
    }
    return isRecorded ? output.attached(to: node) : output
  }

  /// Whether the gradient of an input is of use; nothing may be given for one that is not.
  public func wants(_ input: Int) -> Bool { node.inputs[input]?.isNeeded ?? false }
}
