import CVenturi
import Costs
import NumericTypes
import Tensors

/// One parameter's step: what a rule reads and writes.
public struct Update {
  /// The weights, contiguous f32, to be changed in place by ``changeWeights(_:)`` only.
  public let weights: Tensor
  /// The gradient, contiguous f32, not to be changed.
  public let gradient: Tensor
  /// What the rule keeps, in the order of its slots, to be changed in place.
  public let state: [Tensor]
  /// The number of this step, from 1 on.
  public let step: Int
  /// The step's rate with the group's factor.
  public let rate: Double
  /// Where to compute.
  public let context: Context
  /// Where the weights are stored in 16 bits, if they are.
  let stored: Tensor?

  /// Changes the weights in the given ranges of elements, in parallel; each range is then rounded to 16 bits if they are
  /// stored so, while it is near.
  public func changeWeights(_ body: @escaping (Range<Int>) -> Void) {
    let count = weights.count
    let moved = Double(count) * Double(8 + 8 * state.count + 4)
    let cost = OperationCost(flops: 10 * Double(count), bytesRead: moved / 2, bytesWritten: moved / 2)
    guard let stored else { return context.performRanges(count, grain: Self.grain, .update, cost, body) }
    let kernels = vt_elementwise_kernels_for(context.kernelSet.isa).unsafelyUnwrapped
    let (from, to) = (weights.pointer(as: Float.self), stored.pointer(as: UInt16.self))
    context.performRanges(count, grain: Self.grain, .update, cost) { range in
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(start + 4096, range.upperBound)
        body(start..<end)
        kernels.pointee.bf16_from_f32(Int64(end - start), from + start, to + start)
        start = end
      }
    }
  }

  /// w -= rate · (direction + decay · w).
  func descend(_ direction: Tensor, rate: Double, decay: Double = 0) {
    let settings = vt_sgd_step(rate: Float(rate), coupled: Float(decay), momentum: 0, gain: 1, nesterov: 0)
    let (kernels, w, d) = (context.updateKernels, pointer(weights), pointer(direction))
    changeWeights { range in
      withUnsafePointer(to: settings) {
        kernels.pointee.sgd($0, Int64(range.count), w + range.lowerBound, d + range.lowerBound, nil)
      }
    }
  }

  /// The elements of one of the tensors, f32.
  func pointer(_ tensor: Tensor) -> UnsafeMutablePointer<Float> { tensor.pointer(as: Float.self) }

  /// The number in a slot of one f64.
  func scalar(_ slot: Int) -> Double { state[slot].pointer(as: Double.self)[0] }

  /// Sets the number in a slot of one f64.
  func setScalar(_ slot: Int, _ value: Double) { state[slot].pointer(as: Double.self)[0] = value }

  /// Elements that are worth a thread.
  static let grain = 16384
}

extension OperatorKind {
  /// Weights changed by an optimizer.
  static let update = OperatorKind(rawValue: "update")
}
