extension Tensor {
  /// Whether operators on this tensor are being recorded, because a gradient was asked for that may lead through it.
  public var isTracked: Bool {
    guard let node else { return false }
    return node.tape.isRecording
  }

  /// The same elements as a constant: no gradient goes back through it.
  public func detached() -> Tensor {
    node == nil ? self : Tensor(unchecked: storage, dtype, shape, strides, byteOffset)
  }

  func attached(to node: TapeNode) -> Tensor {
    var tensor = self
    tensor.node = node
    return tensor
  }

  /// Records a view of this tensor, of which `backward` makes the gradient of the whole.
  func recorded(_ view: Tensor, _ backward: @escaping (BackwardCall) -> Tensor) -> Tensor {
    guard let tape = node?.tape else { return view }
    return tape.record(view, from: [self], keepingOutput: false) { [backward($0)] }
  }
}
