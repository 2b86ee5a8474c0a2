import CVenturi
import Costs
import NumericTypes

extension Context {
  /// x with each element at 0 by chance `rate`, the others divided by 1 - rate (Srivastava et al.: Dropout, 2014).
  ///
  /// Whether the element at row-major position i stays is said by word i of the generator ``Random`` of this seed and
  /// stream, so nothing is kept for the way back, and any number of threads gives the same. Take another stream for each
  /// layer and another seed for each step.
  ///
  /// - Precondition: x is floating-point; 0 ≤ rate < 1.
  public func dropout(_ x: Tensor, rate: Double, seed: UInt64, stream: UInt64 = 0) -> Tensor {
    precondition(
      x.dtype.isFloatingPoint && rate >= 0 && rate < 1, "dropout of \(rate) of \(x.dtype.displayName) \(x.shape)")
    if rate == 0 { return x }
    guard x.isTracked else { return dropped(x, rate, seed, stream) }
    return differentiable([x]) {
      dropped(x.detached(), rate, seed, stream)
    } backward: { call in
      [call.context.dropout(call.gradient, rate: rate, seed: seed, stream: stream)]
    }
  }

  private func dropped(_ x: Tensor, _ rate: Double, _ seed: UInt64, _ stream: UInt64) -> Tensor {
    x.dtype == .f64
      ? dropped(x, rate, seed, stream, in: Double.self) : dropped(x, rate, seed, stream, in: Float.self)
  }

  private func dropped<Lane: LaneNumber & BinaryFloatingPoint>(
    _ x: Tensor, _ rate: Double, _ seed: UInt64, _ stream: UInt64, in: Lane.Type
  ) -> Tensor {
    let source = contiguous(x)
    return withExtendedLifetime(source) {
      let y = empty(x.shape, x.dtype)
      let (from, to, dtype, size) = (source.pointer, y.pointer, x.dtype, x.dtype.blockBytes)
      let threshold = UInt32(clamping: Int64((rate * 0x1p32).rounded()))
      let scale = Lane(1 / (1 - rate))
      let cost = OperationCost(
        flops: Double(x.count), bytesRead: Double(x.count * size), bytesWritten: Double(x.count * size))
      let (run, count) = (64, x.count)
      performRanges((count + run - 1) / run, grain: 128, .elementwise, cost) { range in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: run) { words in
          withLanes(Lane.self, runs: 1) { lanes, _ in
            let word = words.baseAddress.unsafelyUnwrapped
            for index in range {
              let some = min(run, count - index * run)
              vt_philox(
                UInt64(index * run / 4), Int64(run / 4), stream, UInt32(truncatingIfNeeded: seed),
                UInt32(truncatingIfNeeded: seed >> 32), word)
              let offset = index * run * size
              Lane.load(dtype, from + offset, stride: 1, count: some, to: lanes)
              for i in 0..<some { lanes[i] = word[i] < threshold ? 0 : lanes[i] * scale }
              Lane.store(dtype, lanes, count: some, to: to + offset)
            }
          }
        }
      }
      return y
    }
  }
}
