import NumericTypes
import Tensors

/// The mean of the gradients of several small batches: what one batch as large as all of them would give.
public final class GradientAccumulator {
  private let context: Context
  private var sums: [String: Tensor] = [:]
  /// The weights given so far.
  public private(set) var totalWeight = 0.0

  /// An accumulator without gradients.
  public init(context: Context) { self.context = context }

  /// Adds the gradients of a batch, `weight` times: 1 for batches of one size, else the number of what the loss is a mean
  /// over.
  ///
  /// - Throws: ``OptimizerError`` for a weight that is not above 0, and gradients that are not those, in name and shape, of
  ///   the first batch; nothing is added then.
  public func add(_ gradients: [String: Tensor], weight: Double = 1) throws(OptimizerError) {
    try check("the weight of a batch", weight, .positive)
    for (name, gradient) in gradients where ![.f32, .bf16, .f16].contains(gradient.dtype) {
      throw .unusable(name: name, reason: "its gradient is \(gradient.dtype.displayName), not F32, BF16 or F16")
    }
    if totalWeight > 0 {
      for (name, sum) in sums {
        guard let gradient = gradients[name] else { throw .missingGradient(name) }
        if gradient.shape != sum.shape {
          throw .wrongGradient(name: name, found: gradient.shape, expected: sum.shape)
        }
      }
      if let unknown = gradients.keys.filter({ sums[$0] == nil }).min() { throw .unknownGradient(unknown) }
    } else {
      sums = gradients.mapValues { context.zeros($0.shape) }
    }
    for (name, gradient) in gradients {
      guard let sum = sums[name] else { continue }
      context.blend(context.contiguous(context.cast(gradient, to: .f32)), weight, into: sum, 1)
    }
    totalWeight += weight
  }

  /// The mean of what was added, f32, for the caller to keep; the accumulator is empty afterwards. No gradients where none
  /// were added.
  public func takeMean() -> [String: Tensor] {
    let means = sums
    if totalWeight != 1 { for sum in means.values { context.scale(sum, by: Float(1 / totalWeight)) } }
    sums = [:]
    totalWeight = 0
    return means
  }
}
