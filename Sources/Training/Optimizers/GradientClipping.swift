import CVenturi
import NumericTypes
import Tensors

// Gradients that are kept from being too large, in place. They are contiguous f32.

extension Context {
  /// The Euclidean norm of all gradients together. Tensors are added in the order of their names, the elements of one in an
  /// order that depends on their number alone.
  ///
  /// - Throws: ``OptimizerError/unusable(name:reason:)``.
  public func globalNorm(of gradients: [String: Tensor]) throws(OptimizerError) -> Double {
    try checkPlain(gradients)
    return gradients.sorted { $0.key < $1.key }.reduce(0) { $0 + sumOfSquares($1.value) }.squareRoot()
  }

  /// Scales all gradients by `largest` / (norm + 1e-6) where their global norm is above about `largest`; returns the norm
  /// that they had (Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, 2013).
  ///
  /// - Throws: ``OptimizerError/nonFiniteNorm(_:)`` with the gradients as they were; for a limit that is not above 0, or
  ///   gradients that are no contiguous f32.
  @discardableResult
  public func clipGlobalNorm(of gradients: [String: Tensor], to largest: Double) throws(OptimizerError) -> Double {
    try check("the largest norm", largest, .positive)
    let norm = try globalNorm(of: gradients)
    if !norm.isFinite { throw .nonFiniteNorm(norm) }
    let factor = largest / (norm + 1e-6)
    if factor < 1 { for gradient in gradients.values { scale(gradient, by: Float(factor)) } }
    return norm
  }

  /// Brings every element of the gradients within ±`largest`; NaN stays NaN.
  ///
  /// - Throws: ``OptimizerError`` for a limit that is not above 0, or gradients that are no contiguous f32.
  public func clipValues(of gradients: [String: Tensor], to largest: Double) throws(OptimizerError) {
    try check("the largest value", largest, .positive)
    try checkPlain(gradients)
    let kernels = updateKernels
    for gradient in gradients.values {
      let at = gradient.pointer(as: Float.self)
      performRanges(gradient.count, grain: Update.grain, .update, Self.elementwiseCost(gradient.shape, .f32)) {
        kernels.pointee.clamp(Float(largest), Int64($0.count), at + $0.lowerBound)
      }
    }
  }

  private func checkPlain(_ gradients: [String: Tensor]) throws(OptimizerError) {
    for (name, gradient) in gradients where gradient.dtype != .f32 || !gradient.isContiguous {
      throw .unusable(name: name, reason: "its gradient is no contiguous F32")
    }
  }
}
