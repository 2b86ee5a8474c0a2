import CVenturi
import Costs
import NumericTypes
import Tensors

// What optimizers, clipping and averages compute over whole tensors, contiguous f32.

extension Context {
  /// The update kernels of this context.
  var updateKernels: UnsafePointer<vt_update_kernels> { vt_update_kernels_for(kernelSet.isa).unsafelyUnwrapped }

  /// y = a · x + b · y.
  func blend(_ x: Tensor, _ a: Double, into y: Tensor, _ b: Double) {
    let (kernels, from, to) = (updateKernels, x.pointer(as: Float.self), y.pointer(as: Float.self))
    withExtendedLifetime((x, y)) {
      performRanges(y.count, grain: Update.grain, .update, Self.elementwiseCost(y.shape, .f32, operands: 2)) {
        kernels.pointee.blend(Float(a), Float(b), Int64($0.count), from + $0.lowerBound, to + $0.lowerBound)
      }
    }
  }

  /// y += share · (x - y).
  func approach(_ x: Tensor, by share: Double, _ y: Tensor) {
    let (kernels, from, to) = (updateKernels, x.pointer(as: Float.self), y.pointer(as: Float.self))
    withExtendedLifetime((x, y)) {
      performRanges(y.count, grain: Update.grain, .update, Self.elementwiseCost(y.shape, .f32, operands: 2)) {
        kernels.pointee.approach(Float(share), Int64($0.count), from + $0.lowerBound, to + $0.lowerBound)
      }
    }
  }

  /// Σ x². The order depends on the number of elements alone: runs of 4,096 in f32, their sums one after the other in
  /// f64. A run whose sum leaves the range of f32 is summed in f64.
  func sumOfSquares(_ x: Tensor) -> Double {
    let run = 4096
    let runs = (x.count + run - 1) / run
    if runs == 0 { return 0 }
    let (kernels, from, count) = (updateKernels, x.pointer(as: Float.self), x.count)
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: runs) { sums in
      // Where nothing is computed, the sum is 0.
      sums.initialize(repeating: 0)
      let base = sums.baseAddress.unsafelyUnwrapped
      withExtendedLifetime(x) {
        performRanges(runs, grain: 8, .reduction, Self.reductionCost(count, [], .f32)) { range in
          for index in range {
            let start = from + index * run
            let length = min(run, count - index * run)
            var sum = Double(kernels.pointee.sum_of_squares(Int64(length), start))
            if !sum.isFinite { sum = (0..<length).reduce(0) { $0 + Double(start[$1]) * Double(start[$1]) } }
            base[index] = sum
          }
        }
      }
      return sums.reduce(0, +)
    }
  }

  /// A copy, contiguous f32.
  func floatCopy(_ x: Tensor) -> Tensor { x.dtype == .f32 ? copy(x) : cast(x, to: .f32) }

  /// Writes the bytes of `x` over those of `y`; both contiguous, of one type and count.
  func copy(_ x: Tensor, over y: Tensor) {
    precondition(x.dtype == y.dtype && x.count == y.count && x.isContiguous && y.isContiguous, "\(x.shape) \(y.shape)")
    let (from, to, size) = (x.pointer, y.pointer, x.dtype.blockBytes)
    withExtendedLifetime((x, y)) {
      performRanges(x.count, grain: 1 << 16, .copy, Self.copyCost(x.shape, x.dtype, x.dtype)) {
        (to + $0.lowerBound * size).copyMemory(from: from + $0.lowerBound * size, byteCount: $0.count * size)
      }
    }
  }
}
