import Tensors

/// A model that does something of its own at each step of an optimizer: watches gradients, drops parameters.
public protocol SteppedModel {
  /// Takes the gradients of a step, clipped, before it is taken.
  func willStep(_ gradients: [String: Tensor])

  /// Comes after a step of this number, from 1 on.
  func didStep(_ step: Int)
}
